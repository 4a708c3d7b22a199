#pragma once

// When which sample of which probe is due. Pure.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "blackstart/time.h"

namespace blackstart {

// The part of `every` by which probe number `index` is shifted, so that probes with the same
// interval spread evenly over it: less than `every`, zero for the first, whole microseconds,
// the same on every machine.
Duration phase_of(std::size_t index, Duration every);

struct DueSample {
  std::size_t probe = 0;
  std::uint64_t seq = 0;
  RunTime at;

  bool operator==(const DueSample&) const = default;
};

// Hands out, in the order of their due times, every sample of every probe exactly once:
// sample k of probe p at start + phase_of(p) + k × every. Never ends, never skips.
class ProbeSchedule {
 public:
  // `intervals`, by probe, are more than zero.
  ProbeSchedule(std::span<const Duration> intervals, RunTime start);

  // When something is next due; nullopt without probes.
  std::optional<RunTime> next() const;

  // The earliest sample that is due by `now`; of those due at the same time the one of the
  // lowest probe.
  std::optional<DueSample> take(RunTime now);

 private:
  static bool later(const DueSample& a, const DueSample& b);

  std::vector<Duration> intervals_;
  std::vector<DueSample> heap_;  // the next sample of each probe, the earliest in front
};

}  // namespace blackstart
