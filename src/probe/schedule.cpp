#include "probe/schedule.h"

#include <algorithm>
#include <cmath>

#include "blackstart/limits.h"

namespace blackstart {

// Multiples of the golden ratio modulo one are spread about evenly for any number of probes.
Duration phase_of(std::size_t index, Duration every) {
  constexpr double kGolden = 0.6180339887498949;
  double whole = 0.0;
  const double fraction = std::modf(static_cast<double>(index) * kGolden, &whole);
  const auto micros = std::chrono::duration<double, std::micro>(every).count() * fraction;
  return std::chrono::microseconds{static_cast<std::int64_t>(micros)};
}

ProbeSchedule::ProbeSchedule(std::span<const Duration> intervals, RunTime start)
    : intervals_{intervals.begin(), intervals.end()} {
  for (std::size_t probe = 0; probe < intervals_.size(); ++probe) {
    BS_ASSERT(intervals_[probe] > Duration::zero());
    heap_.push_back({probe, 0, start + phase_of(probe, intervals_[probe])});
  }
  std::ranges::make_heap(heap_, later);
}

bool ProbeSchedule::later(const DueSample& a, const DueSample& b) {
  return a.at != b.at ? a.at > b.at : a.probe > b.probe;
}

std::optional<RunTime> ProbeSchedule::next() const {
  if (heap_.empty()) return std::nullopt;
  return heap_.front().at;
}

std::optional<DueSample> ProbeSchedule::take(RunTime now) {
  if (heap_.empty() || heap_.front().at > now) return std::nullopt;
  const DueSample due = heap_.front();
  std::ranges::pop_heap(heap_, later);
  heap_.back() = {due.probe, due.seq + 1, due.at + intervals_[due.probe]};
  std::ranges::push_heap(heap_, later);
  return due;
}

}  // namespace blackstart
