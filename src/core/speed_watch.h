#pragma once

// When a service is as fast again as it was before the fault.

#include <deque>
#include <optional>

#include "core/sample_order.h"

namespace blackstart {

// Looks for the first instant t at which an ok sample was due, within the bound, such that of
// the ok samples due in [t, t + hold) at least 95% are within the bound too: that is, p95 ≤
// bound by nearest rank. Keeps the samples of one `hold`, whatever the length of the run.
class SpeedWatch {
 public:
  explicit SpeedWatch(Duration hold) : hold_{hold} {}

  // Starts anew: nothing before `from` counts. Forgets what was found.
  void restart(RunTime from, Duration bound);
  // What comes before `from` doesn't count; what was found stays.
  void skip_to(RunTime from);

  // In due order. While `normal` is false, nothing is decided and only the samples of the last
  // `window` are kept, since a return may turn out to have begun with one of them.
  void add(const Reading& reading, bool normal, Duration window);

  std::optional<RunTime> found() const { return found_; }
  std::size_t size() const { return readings_.size(); }

 private:
  struct Timed {
    RunTime due;
    bool ok = false, fast = false;
  };
  void drop_front();
  bool fast_enough() const;

  Duration hold_, bound_{};
  RunTime from_;
  std::deque<Timed> readings_;
  std::size_t ok_ = 0, fast_ = 0;
  std::optional<RunTime> found_;
};

}  // namespace blackstart
