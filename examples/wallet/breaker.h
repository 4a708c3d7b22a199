#pragma once

// A circuit breaker as thousands of programs have it.

#include <algorithm>
#include <chrono>
#include <mutex>

namespace wallet {

// After kTolerated failures in a row it opens: for a second nothing is asked. Then one request
// is let through; if that fails too, the wait doubles, up to kLongestWait. One success closes
// it. It spares a dependency that is down, and has a price: once the dependency is back,
// nobody notices before the wait is over, and the longer it was down, the longer that wait.
// Safe from any thread.
class Breaker {
 public:
  using Clock = std::chrono::steady_clock;

  // Whether to ask now. In half-open state, yes to one caller only.
  bool lets_through(Clock::time_point now) {
    const std::lock_guard lock{mutex_};
    if (failures_ < kTolerated) return true;
    if (now < closed_until_) return false;
    closed_until_ = now + wait_;  // others wait until this one knows
    return true;
  }

  void succeeded() {
    const std::lock_guard lock{mutex_};
    failures_ = 0;
    wait_ = kFirstWait;
  }

  void failed(Clock::time_point now) {
    const std::lock_guard lock{mutex_};
    if (++failures_ < kTolerated) return;
    closed_until_ = now + wait_;
    wait_ = std::min<Clock::duration>(wait_ * 2, kLongestWait);
  }

 private:
  static constexpr int kTolerated = 3;
  static constexpr std::chrono::seconds kFirstWait{1};
  static constexpr std::chrono::seconds kLongestWait{30};

  std::mutex mutex_;
  int failures_ = 0;
  Clock::duration wait_ = kFirstWait;
  Clock::time_point closed_until_{};
};

}  // namespace wallet
