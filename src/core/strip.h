#pragma once

// A probe's whole run as a picture of bounded width: equal bins of time, which double in width
// whenever the run outgrows them. Live view and reports draw strips from it.

#include "blackstart/probe.h"
#include "blackstart/report.h"
#include "blackstart/time.h"

namespace blackstart {

class StripBuilder {
 public:
  // Bins are as wide as `every` at first, and at most `bins_max` (even, at least 2) in number.
  explicit StripBuilder(Duration every, std::size_t bins_max = kBinsMax);

  // In any order. Counts at the time the sample was due; latency is from due to done.
  void add(const ProbeSample& sample);

  const Strip& strip() const { return strip_; }

  static constexpr std::size_t kBinsMax = 512;

 private:
  void halve();

  Strip strip_;
  std::size_t bins_max_;
};

}  // namespace blackstart
