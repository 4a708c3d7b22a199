#include "core/timer_audit.h"

#include <algorithm>

#include "core/timeline.h"
#include "core/words.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

struct Timer {
  Duration length{};
  std::string name;
};

Timer longest_timer(const Scenario& scenario) {
  Timer longest{5s, "one resolver timeout"};
  for (const ProbeSpec& probe : scenario.probes) {
    if (probe.timeout > longest.length) longest = {probe.timeout, "the timeout of " + probe.name};
  }
  for (const Entry& entry : scenario.timeline) {
    const auto cap = entry.fault ? entry.fault->ttl_cap() : std::nullopt;
    if (cap && 2 * *cap > longest.length) longest = {2 * *cap, "twice the capped TTL"};
  }
  return longest;
}

bool touches_names(const Scenario& scenario) {
  return std::ranges::any_of(scenario.timeline, [&](const Entry& entry) {
    return entry.fault && entry.target < scenario.targets.size() &&
           has(entry.fault->needs(scenario.targets[entry.target]), Needs::redirect);
  });
}

std::string caches(const Scenario& scenario) {
  std::optional<Duration> cap;
  for (const Entry& entry : scenario.timeline) {
    const auto of_fault = entry.fault ? entry.fault->ttl_cap() : std::nullopt;
    if (of_fault) cap = std::max(cap.value_or(*of_fault), *of_fault);
  }
  const std::string capped = cap ? " (capped at " + span_in_words(*cap) + ")" : "";
  return "answers outlive the lift in caches: for their TTL" + capped +
         ", in a JVM for 30 s whatever the TTL and 10 s for failures, and SERVFAIL in a forwarder "
         "for a few seconds; that much of a tail is to be expected";
}

}  // namespace

std::vector<TimerWarning> audit_timers(const Scenario& scenario) {
  std::vector<TimerWarning> out;
  const Timeline timeline{scenario};
  const Timer timer = longest_timer(scenario);
  std::size_t left_out = 0;
  const auto hold_against = [&](const std::string& name, const char* what, Duration length) {
    if (length >= timer.length) return;
    if (out.size() == kTimerWarningsMax && ++left_out > 0) return;
    out.push_back({"'" + name + "' " + what + " for " + span_in_words(length) +
                   " of real time, less than " + span_in_words(timer.length) + " (" + timer.name +
                   "): the stack may not notice it"});
  };
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    const Entry& entry = scenario.timeline[i];
    if (!entry.fault) continue;
    const Timeline::Extent extent = timeline.extent(i);
    const Timeline::State first = timeline.state(i, extent.from);
    hold_against(entry.name, "is in force", *first.until - extent.from);
    if (*first.until == extent.to) continue;
    hold_against(entry.name, "pauses", timeline.real(entry.pulse->off));
  }
  if (left_out > 0) out.push_back({"and " + counted(left_out, "more phase", "more phases")});
  if (touches_names(scenario)) out.push_back({caches(scenario)});
  return out;
}

}  // namespace blackstart
