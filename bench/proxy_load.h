#pragma once

// Both ends of the connections that bench_proxy measures, over loopback.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "sys/fd.h"

namespace blackstart::bench {

// What an end does with what it has accepted, or connected: discards what comes, sends all the
// time, or answers with what came.
enum class Part : std::uint8_t { sink, source, echo };
inline constexpr std::array kParts{Part::sink, Part::source, Part::echo};
using Ports = std::array<std::uint16_t, kParts.size()>;  // by part

inline std::uint16_t port_of(const Ports& ports, Part part) {
  return ports[static_cast<std::size_t>(part)];
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

inline void no_delay(int fd) {
  const int on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

// Blocks; nothing where nobody takes it.
inline UniqueFd try_connect(std::uint16_t port) {
  UniqueFd fd{check("socket()", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  const sockaddr_in to = loopback(port);
  const void* raw = &to;
  if (::connect(fd.get(), static_cast<const sockaddr*>(raw), sizeof to) != 0) return {};
  no_delay(fd.get());
  return fd;
}

inline UniqueFd connect_to(std::uint16_t port) {
  UniqueFd fd = try_connect(port);
  check("connect()", fd ? 0 : -1);
  return fd;
}

inline void send_all(const UniqueFd& fd, std::span<const char> bytes) {
  check("send()", ::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
}

// False: it has ended.
inline bool receive_all(const UniqueFd& fd, std::span<char> bytes) {
  return ::recv(fd.get(), bytes.data(), bytes.size(), MSG_WAITALL) ==
         static_cast<ssize_t>(bytes.size());
}

struct Counts {
  std::atomic<std::uint64_t> received{0};  // bytes, by sinks
};

// Plays the parts of many connections on one thread.
class Pump {
 public:
  explicit Pump(Counts& counts)
      : counts_{counts}, epoll_{check("epoll_create1()", ::epoll_create1(EPOLL_CLOEXEC))} {}

  // Whatever it accepts plays `part`.
  void listen(int listener, Part part) { watch(listener, EPOLLIN | EPOLLEXCLUSIVE, {part, true}); }

  void adopt(UniqueFd fd, Part part) {
    const int number = fd.get();
    check("fcntl()", ::fcntl(number, F_SETFL, O_NONBLOCK));
    owned_[number] = std::move(fd);
    watch(number, part == Part::source ? EPOLLOUT : EPOLLIN, {part, false});
  }

  void run(const std::stop_token& stop) {
    std::array<epoll_event, 64> events;
    while (!stop.stop_requested()) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 20);
      for (int i = 0; i < count; ++i) take(events[static_cast<std::size_t>(i)].data.u64);
    }
  }

 private:
  struct What {
    Part part;
    bool listens;
  };
  static constexpr std::size_t kBufferBytes = 128 << 10;  // as iperf3 has it

  void watch(int fd, std::uint32_t events, What what) {
    epoll_event event{};
    event.events = events;
    event.data.u64 = static_cast<std::uint64_t>(fd) << 8U |
                     static_cast<std::uint64_t>(what.part) << 1U | (what.listens ? 1U : 0U);
    check("epoll_ctl()", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event));
  }

  void take(std::uint64_t packed) {
    const int fd = static_cast<int>(packed >> 8U);
    const Part part{static_cast<std::uint8_t>((packed >> 1U) & 3U)};
    if ((packed & 1U) != 0) {
      if (UniqueFd accepted{::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC)}) {
        no_delay(accepted.get());
        adopt(std::move(accepted), part);
      }
    } else if (!play(fd, part) && errno != EAGAIN) {
      owned_.erase(fd);
    }
  }

  // False, with errno: nothing was done. 0: it has ended.
  bool play(int fd, Part part) {
    ssize_t done = 0;
    if (part == Part::source) {
      done = ::send(fd, buffer_.data(), buffer_.size(), MSG_NOSIGNAL);
    } else {
      done = ::recv(fd, buffer_.data(), buffer_.size(), 0);
      if (done == 0) errno = 0;
    }
    if (done <= 0) return false;
    if (part == Part::sink) {
      counts_.received.fetch_add(static_cast<std::uint64_t>(done), std::memory_order_relaxed);
    }
    if (part != Part::echo) return true;
    return ::send(fd, buffer_.data(), static_cast<std::size_t>(done), MSG_NOSIGNAL) == done;
  }

  Counts& counts_;
  UniqueFd epoll_;
  std::map<int, UniqueFd> owned_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
};

// The server: a process of its own, on the processors that its maker may use, with a port for
// each part.
class Service {
 public:
  explicit Service(unsigned threads) {
    void* const shared =
        ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED) throw std::bad_alloc{};
    counts_ = new (shared) Counts;
    for (const Part part : kParts) {
      listeners_.push_back(open_listener(ports_[static_cast<std::size_t>(part)]));
    }
    child_ = check("fork()", ::fork());
    if (child_ == 0) serve(threads);
  }
  ~Service() {
    ::kill(child_, SIGKILL);
    ::waitpid(child_, nullptr, 0);
    ::munmap(counts_, sizeof(Counts));
  }
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;

  const Ports& ports() const { return ports_; }
  Counts& counts() const { return *counts_; }

 private:
  static UniqueFd open_listener(std::uint16_t& port) {
    UniqueFd fd{
        check("socket()", ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0))};
    sockaddr_in at = loopback(0);
    void* const raw = &at;
    socklen_t size = sizeof at;
    check("bind()", ::bind(fd.get(), static_cast<sockaddr*>(raw), size));
    check("listen()", ::listen(fd.get(), SOMAXCONN));
    check("getsockname()", ::getsockname(fd.get(), static_cast<sockaddr*>(raw), &size));
    port = ntohs(at.sin_port);
    return fd;
  }

  [[noreturn]] void serve(unsigned threads) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::vector<std::jthread> all;
    for (unsigned i = 0; i < threads; ++i) {
      all.emplace_back([&](const std::stop_token& stop) {
        Pump pump{*counts_};
        for (const Part part : kParts) {
          pump.listen(listeners_[static_cast<std::size_t>(part)].get(), part);
        }
        pump.run(stop);
      });
    }
    all.front().join();
    std::abort();
  }

  Counts* counts_ = nullptr;
  std::vector<UniqueFd> listeners_;
  Ports ports_{};
  pid_t child_ = -1;
};

// Clients that play one part, on as many threads as are useful.
class Clients {
 public:
  Clients(std::uint16_t port, Part part, unsigned connections, unsigned threads) {
    for (unsigned i = 0; i < connections; ++i) {
      if (pumps_.size() < threads) pumps_.push_back(std::make_unique<Pump>(counts_));
      pumps_[i % pumps_.size()]->adopt(connect_to(port), part);
    }
    for (const auto& pump : pumps_) {
      threads_.emplace_back([one = pump.get()](const std::stop_token& stop) { one->run(stop); });
    }
  }

  Counts& counts() { return counts_; }

 private:
  Counts counts_;
  std::vector<std::unique_ptr<Pump>> pumps_;
  std::vector<std::jthread> threads_;  // last: they use the above
};

}  // namespace blackstart::bench
