#pragma once

// The real clock, and the only place that reads one.

#include <string>

#include "blackstart/time.h"

namespace blackstart {

// CLOCK_MONOTONIC, counted from this object's construction.
class MonotonicClock final : public Clock {
 public:
  MonotonicClock();
  RunTime now() const override;

  // The instant of RunTime zero, on CLOCK_MONOTONIC: for timers that take absolute times.
  Duration origin() const { return origin_; }

 private:
  Duration origin_;
};

// Now, on the wall clock, with which the kernel stamps packets (SO_TIMESTAMPNS).
Duration packet_stamp_now();

// RFC 3339 in UTC, to the millisecond: "2025-10-20T06:48:00.000Z".
std::string wall_clock_text();

}  // namespace blackstart
