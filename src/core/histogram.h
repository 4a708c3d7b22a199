#pragma once

// How long things took, in fixed memory: a log-linear histogram, as HdrHistogram has it.
//
// Every power of two of microseconds is cut into 64 equal buckets; below 128 µs a bucket is one
// microsecond. A value is told as the middle of its bucket, so that
//
//   |told − true| ≤ true / 128 + 1 µs
//
// for anything up to an hour (more counts as the last bucket); the largest value is kept
// exactly. At most 1,792 counters, and only as many as the largest value needs.

#include <cstdint>
#include <vector>

#include "blackstart/report.h"
#include "blackstart/time.h"

namespace blackstart {

class Histogram {
 public:
  // A negative span counts as zero.
  void add(Duration value);
  void merge(const Histogram& other);
  void clear();

  std::uint64_t count() const { return count_; }
  Duration most() const { return most_; }

  // The smallest value that at least `share` (0…1) of all values do not exceed (nearest rank);
  // zero where there are none, and never more than most().
  Duration percentile(double share) const;

  LatencySummary summary() const;

  // Counters in use, for tests of the memory that this takes.
  std::size_t buckets() const { return counts_.size(); }

 private:
  std::vector<std::uint64_t> counts_;
  std::uint64_t count_ = 0;
  Duration most_{};
};

}  // namespace blackstart
