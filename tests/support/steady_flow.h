#pragma once

// Datagrams at a steady pace to an echo on the far side, so that a test can tell from when on
// traffic was normal.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <tuple>
#include <vector>

#include "support/udp.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart::test {

// A datagram a millisecond to each port of 10.0.0.2, from one socket that stays the same, in the
// calling thread's namespace; echoes there, in `far`. Each is a DNS question for kills.example, so
// that on port 53 whoever answers in the echo's place is found out. A datagram is good when its own
// echo is back within kPatience, which is less than any delay that a test sets.
class SteadyFlow {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::milliseconds kPace{1};
  static constexpr std::chrono::milliseconds kPatience{20};

  SteadyFlow(const UniqueFd& far, const std::vector<std::uint16_t>& ports) {
    for (const std::uint16_t port : ports) lanes_.push_back(std::make_unique<Lane>(far, port));
    echo_ = std::thread{[this] { echo(); }};
    sender_ = std::thread{[this] { send_and_receive(); }};
  }
  ~SteadyFlow() {
    stopping_ = true;
    sender_.join();
    echo_.join();
  }
  SteadyFlow(const SteadyFlow&) = delete;
  SteadyFlow& operator=(const SteadyFlow&) = delete;

  // Milliseconds from `since` to the first echo from which on all have been good, on every port,
  // for `settled`. Waits for it, `within` at most; then nullopt.
  std::optional<double> normal_after(Clock::time_point since, std::chrono::milliseconds settled,
                                     std::chrono::milliseconds within) {
    for (;;) {
      const Clock::time_point now = Clock::now();
      std::optional<Clock::time_point> latest = since;
      for (const auto& lane : lanes_) {
        const auto normal = lane->normal_from(since, now - kPatience);
        latest = latest && normal ? std::optional{std::max(*latest, *normal)} : std::nullopt;
      }
      if (latest && now - kPatience - *latest >= settled) {
        return std::chrono::duration<double, std::milli>(*latest - since).count();
      }
      if (now - since > within + settled) return std::nullopt;
      wait(std::chrono::milliseconds{5});
    }
  }

  // Whether a datagram of the last kPatience before then was not good. Ask when it has had its
  // time.
  bool was_hurt_before(Clock::time_point then) {
    return std::ranges::any_of(lanes_, [&](const auto& lane) { return lane->hurt_before(then); });
  }

  void forget() {
    for (const auto& lane : lanes_) lane->forget();
  }

 private:
  struct Datagram {
    Clock::time_point sent, back = Clock::time_point::max();

    bool good() const { return back - sent <= kPatience; }
  };

  class Lane {
   public:
    Lane(const UniqueFd& far, std::uint16_t port) : port_{port}, near_{"10.0.0.1"} {
      const NetnsGuard guard{far};
      far_.emplace("10.0.0.2", port);
    }

    void send() {
      Datagram datagram{Clock::now()};
      const std::scoped_lock lock{mutex_};
      sockaddr_in to{};
      to.sin_family = AF_INET;
      to.sin_port = htons(port_);
      to.sin_addr.s_addr = htonl(0x0a000002);
      const auto id = static_cast<std::uint16_t>(first_ + sent_.size());
      question_[0] = static_cast<std::uint8_t>(id >> 8);
      question_[1] = static_cast<std::uint8_t>(id);
      // One that the kernel refuses stays without an echo.
      std::ignore = ::sendto(near_.fd(), question_.data(), question_.size(), 0,
                             reinterpret_cast<const sockaddr*>(&to), sizeof to);
      sent_.push_back(datagram);
    }

    void receive() {
      std::array<std::uint8_t, 512> bytes{};
      for (;;) {
        const ssize_t size = ::recv(near_.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (size < 0) return;
        const bool echo = static_cast<std::size_t>(size) == question_.size() &&
                          std::equal(question_.begin() + 2, question_.end(), bytes.begin() + 2);
        if (!echo) continue;
        const std::scoped_lock lock{mutex_};
        const auto id = static_cast<std::uint16_t>((bytes[0] << 8) | bytes[1]);
        const auto at = static_cast<std::uint16_t>(id - first_);
        if (at < sent_.size()) sent_[at].back = std::min(sent_[at].back, Clock::now());
      }
    }

    void echo() const {
      std::array<std::uint8_t, 512> bytes{};
      for (;;) {
        sockaddr_in from{};
        socklen_t length = sizeof from;
        const ssize_t size = ::recvfrom(far_->fd(), bytes.data(), bytes.size(), MSG_DONTWAIT,
                                        reinterpret_cast<sockaddr*>(&from), &length);
        if (size < 0) return;
        std::ignore = ::sendto(far_->fd(), bytes.data(), static_cast<std::size_t>(size), 0,
                               reinterpret_cast<const sockaddr*>(&from), length);
      }
    }

    // The first echo after `since` from which on all that were sent until `until` are good.
    std::optional<Clock::time_point> normal_from(Clock::time_point since, Clock::time_point until) {
      const std::scoped_lock lock{mutex_};
      std::optional<Clock::time_point> normal;
      for (const Datagram& one : sent_) {
        if (one.sent < since || one.sent > until) continue;
        if (!one.good()) normal.reset();
        if (one.good() && !normal) normal = one.back;
      }
      return normal;
    }

    bool hurt_before(Clock::time_point then) {
      const std::scoped_lock lock{mutex_};
      return std::ranges::any_of(sent_, [&](const Datagram& one) {
        return one.sent < then && one.sent >= then - kPatience && !one.good();
      });
    }

    void forget() {
      const std::scoped_lock lock{mutex_};
      first_ = static_cast<std::uint16_t>(first_ + sent_.size());
      sent_.clear();
    }

    int near() const { return near_.fd(); }
    int far() const { return far_->fd(); }

   private:
    std::uint16_t port_;
    UdpSocket near_;
    std::optional<UdpSocket> far_;
    std::array<std::uint8_t, 31> question_{0,   0,   1,   0,   0,   1,   0,   0, 0,   0,   0,
                                           0,   5,   'k', 'i', 'l', 'l', 's', 7, 'e', 'x', 'a',
                                           'm', 'p', 'l', 'e', 0,   0,   1,   0, 1};
    std::mutex mutex_;
    std::uint16_t first_ = 0;  // the id of sent_.front()
    std::deque<Datagram> sent_;
  };

  // Ahead of other work, where that is permitted: it must not be what is late.
  static void run_ahead() {
    const sched_param priority{.sched_priority = 10};
    ::sched_setscheduler(0, SCHED_FIFO, &priority);
  }

  void echo() {
    run_ahead();
    std::vector<pollfd> ends;
    for (const auto& lane : lanes_) ends.push_back({lane->far(), POLLIN, 0});
    while (!stopping_) {
      ::poll(ends.data(), ends.size(), 50);
      for (const auto& lane : lanes_) lane->echo();
    }
  }

  // A beat that was missed is left out, not made up for.
  void send_and_receive() {
    run_ahead();
    std::vector<pollfd> ends;
    for (const auto& lane : lanes_) ends.push_back({lane->near(), POLLIN, 0});
    Clock::time_point due = Clock::now();
    while (!stopping_) {
      const Clock::time_point now = Clock::now();
      if (now >= due) {
        for (const auto& lane : lanes_) lane->send();
        while (due <= now) due += kPace;
      }
      const auto left = std::max(due - Clock::now(), Clock::duration{});
      const timespec until_due{0, std::chrono::nanoseconds{left}.count()};
      ::ppoll(ends.data(), ends.size(), &until_due, nullptr);
      for (const auto& lane : lanes_) lane->receive();
    }
  }

  std::vector<std::unique_ptr<Lane>> lanes_;
  std::atomic<bool> stopping_{false};
  std::thread echo_, sender_;
};

}  // namespace blackstart::test
