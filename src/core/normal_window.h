#pragma once

// Whether a probe is normal: the share of ok samples among those that were due lately.

#include <deque>
#include <optional>

#include "blackstart/units.h"
#include "core/sample_order.h"

namespace blackstart {

// The samples due in (t − w, t], w = max(1 s, 5 × every), where t is the due time of the latest:
// a few samples of a slow probe, a hundred of the fastest. Normal: at least `normal` of them are
// ok and none is wrong. Without any sample nothing is shown, and that is not normal.
class NormalWindow {
 public:
  NormalWindow(Duration every, Probability normal);

  // In due order.
  void add(const Reading& reading);
  bool normal() const;

  // When the first ok one was due; where nothing need be ok to be normal, the first one.
  // There must be one.
  RunTime first_good() const;
  // The same among those due after `from` that no lift can have helped; nullopt: none.
  std::optional<RunTime> first_unaided(RunTime from) const;

  Duration width() const { return width_; }
  std::size_t size() const { return readings_.size(); }

 private:
  Duration width_;
  double normal_;
  std::deque<Reading> readings_;
  std::size_t ok_ = 0, wrong_ = 0;
};

}  // namespace blackstart
