#pragma once

// Which timers of a stack a scenario is too fast for, and which outlive it.

#include <vector>

#include "blackstart/report.h"
#include "blackstart/scenario.h"

namespace blackstart {

// Speed shortens the timeline and nothing else: a stack's timeouts, TTLs and backoff stay as
// they are. Warns for each phase (a fault being in force, and each half of a pulse) that is
// shorter in real time than the longest of the probes' timeouts, twice the TTL cap, and 5 s,
// which is one resolver timeout; and, where answers to names are touched, names the caches that
// outlive a lift.
std::vector<TimerWarning> audit_timers(const Scenario& scenario);

inline constexpr std::size_t kTimerWarningsMax = 20;

}  // namespace blackstart
