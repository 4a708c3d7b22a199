#pragma once

// Time as the whole product speaks of it.

#include <chrono>
#include <compare>

namespace blackstart {

using Duration = std::chrono::nanoseconds;

// A point on the run's own clock (CLOCK_MONOTONIC); zero is the instant the run started.
// Wall-clock time appears once per run, in the journal's first line, and nowhere else.
struct RunTime {
  Duration since_start{};

  auto operator<=>(const RunTime&) const = default;
};

constexpr RunTime operator+(RunTime at, Duration by) { return {at.since_start + by}; }
constexpr RunTime operator-(RunTime at, Duration by) { return {at.since_start - by}; }
constexpr Duration operator-(RunTime later, RunTime earlier) {
  return later.since_start - earlier.since_start;
}

constexpr double seconds_of(Duration span) { return std::chrono::duration<double>(span).count(); }
constexpr double milliseconds_of(Duration span) {
  return std::chrono::duration<double, std::milli>(span).count();
}

// The seam between what waits and what decides. Tests hand in a clock that jumps.
class Clock {
 public:
  virtual ~Clock() = default;

  // Never goes backwards. Safe from any thread.
  virtual RunTime now() const = 0;
};

}  // namespace blackstart
