#pragma once

// An HTTP service that fails and lies at instants that a test fixes, in real time.

#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/time_span.h"
#include "sys/clock.h"
#include "sys/fd.h"

namespace blackstart::test {

// Instants are those of the service's own clock(), a CLOCK_MONOTONIC of another zero than the
// run's.
struct TimedTruth {
  enum class Failure : std::uint8_t { refuses, hangs_up, stalls };

  TimeSpan failing{}, lying{};
  Failure failure = Failure::refuses;
};

// Listens on every address of the namespace in which it is made. What the truth says at the
// instant at which a request has been read decides: all is well ("balance" 42), a lie
// ("balance" 0 and in "told_at" that instant), or a failure. One that stalls begins its answer
// at once, so that the client can say when, and never ends it.
class TimedService {
 public:
  explicit TimedService(std::uint16_t port)
      : listener_{
            check("socket", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))} {
    const int on = 1;
    ::setsockopt(listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = htons(port);
    check("bind", ::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&any), sizeof any));
    check("listen", ::listen(listener_.get(), 128));
    thread_ = std::thread{[this] { serve(); }};
  }
  ~TimedService() {
    ending_ = true;
    thread_.join();
  }
  TimedService(const TimedService&) = delete;
  TimedService& operator=(const TimedService&) = delete;

  const MonotonicClock& clock() const { return clock_; }

  void set(const TimedTruth& truth) {
    const std::lock_guard lock{mutex_};
    truth_ = truth;
  }
  std::uint64_t lies_told() const { return lies_told_; }

 private:
  void serve() {
    std::vector<pollfd> ready;
    while (!ending_) {
      ready.assign(1, {listener_.get(), POLLIN, 0});
      for (const UniqueFd& client : clients_) ready.push_back({client.get(), POLLIN, 0});
      if (::poll(ready.data(), ready.size(), 10) <= 0) continue;
      auto client = clients_.begin();
      for (std::size_t i = 1; i < ready.size(); ++i) {
        const auto here = client++;
        if (ready[i].revents != 0 && !answer(here->get())) clients_.erase(here);
      }
      UniqueFd made{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
      if (made) clients_.push_back(std::move(made));
    }
  }

  // One read is one request: it is far smaller than a segment. False: to be closed.
  bool answer(int client) {
    std::array<char, 4096> request;
    if (::recv(client, request.data(), request.size(), 0) <= 0) return false;
    const std::lock_guard lock{mutex_};
    const Duration now = clock_.now().since_start;
    if (truth_.lying.has(now)) {
      ++lies_told_;
      const std::string told_at = std::to_string(now.count());
      return say(client, "200 OK", R"({"balance": 0, "told_at": )" + told_at + "}");
    }
    if (!truth_.failing.has(now)) return say(client, "200 OK", R"({"balance": 42})");
    switch (truth_.failure) {
      case TimedTruth::Failure::hangs_up:
        return false;
      case TimedTruth::Failure::stalls:
        write(client, "HTTP/1.1 200 OK\r\nContent-Length: 16\r\n\r\n");
        return true;
      case TimedTruth::Failure::refuses:
        break;
    }
    return say(client, "503 Service Unavailable", "{}");
  }

  static bool say(int client, std::string_view status, std::string_view body) {
    write(client, "HTTP/1.1 " + std::string{status} + "\r\nConnection: close\r\nContent-Length: " +
                      std::to_string(body.size()) + "\r\n\r\n" + std::string{body});
    return false;
  }
  static void write(int client, std::string_view text) {
    (void)::send(client, text.data(), text.size(), MSG_NOSIGNAL);
  }

  UniqueFd listener_;
  MonotonicClock clock_;
  std::list<UniqueFd> clients_;
  std::mutex mutex_;
  TimedTruth truth_;
  std::atomic<std::uint64_t> lies_told_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace blackstart::test
