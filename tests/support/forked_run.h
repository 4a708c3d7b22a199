#pragma once

// A run in a process of its own, so that a test can kill or stop it.

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <utility>

#include "blackstart/limits.h"
#include "fault/enforcer.h"
#include "sys/clock.h"
#include "sys/fd.h"

namespace blackstart::test {

// Enforces entry 0 of what was compiled, in the namespace of the thread that makes it, with the
// heartbeat, until SIGTERM.
class ForkedRun {
 public:
  // `in_child` runs once the fault is in force.
  explicit ForkedRun(const CompiledEntries& compiled, const EnforcerOptions& options = {},
                     const std::function<void()>& in_child = {}) {
    // A child that was born while another thread held the sanitizer's allocator waits for it for
    // ever: then another one is born.
    for (int tries = 0; tries < 3 && !start(compiled, options, in_child); ++tries) {
      signal(SIGKILL);
      reap();
    }
  }
  ~ForkedRun() {
    if (pid_ > 0) signal(SIGKILL);
    reap();
  }
  ForkedRun(const ForkedRun&) = delete;
  ForkedRun& operator=(const ForkedRun&) = delete;

  bool in_force() const { return in_force_; }
  pid_t pid() const { return pid_; }
  void signal(int number) const { ::kill(pid_, number); }

  // Waits for its end; its exit code, or 128 and the signal.
  int reap() {
    if (pid_ <= 0) return 0;
    int status = 0;
    ::waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

 private:
  // False: it has said nothing in all that time.
  bool start(const CompiledEntries& compiled, const EnforcerOptions& options,
             const std::function<void()>& in_child) {
    std::array<int, 2> ends{};
    check("pipe2()", ::pipe2(ends.data(), O_CLOEXEC));
    const UniqueFd read{ends[0]};
    UniqueFd write{ends[1]};
    pid_ = check("fork()", ::fork());
    if (pid_ == 0) ::_exit(enforce(compiled, options, in_child, write.get()));
    write.reset();
    pollfd said{read.get(), POLLIN, 0};
    if (::poll(&said, 1, 20'000) <= 0) return false;
    char ready = 0;
    in_force_ = ::read(read.get(), &ready, 1) == 1;
    return true;
  }

  static int enforce(const CompiledEntries& compiled, const EnforcerOptions& options,
                     const std::function<void()>& in_child, int ready) {
    try {
      boost::asio::io_context io;
      const MonotonicClock clock;
      boost::asio::signal_set term{io, SIGTERM};
      term.async_wait([&](auto, int) { io.stop(); });
      Enforcer enforcer{io, clock, options, compiled};
      enforcer.prepare();
      const std::array<std::uint32_t, 1> first{0};
      enforcer.switch_to(first);
      if (in_child) in_child();
      if (::write(ready, "!", 1) != 1) return 1;
      boost::asio::steady_timer timer{io};
      std::function<void()> beat = [&] {
        timer.expires_after(limits::heartbeat_interval);
        timer.async_wait([&](const boost::system::error_code& error) {
          if (error) return;
          enforcer.beat();
          beat();
        });
      };
      beat();
      io.run();
      return enforcer.release().empty() ? 0 : 9;
    } catch (const std::exception& failure) {
      std::fprintf(stderr, "forked run: %s\n", failure.what());
      return 3;
    }
  }

  pid_t pid_ = -1;
  bool in_force_ = false;
};

}  // namespace blackstart::test
