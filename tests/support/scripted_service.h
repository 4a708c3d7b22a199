#pragma once

// A service whose true behaviour is written down, and the samples that probes would take of it.

#include <algorithm>
#include <functional>
#include <string>
#include <variant>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/probe.h"
#include "blackstart/time.h"
#include "support/time_span.h"

namespace blackstart::test {

// How one sample came about: when it was sent, how long it took.
struct Taken {
  Duration lateness{}, latency{};
};

struct ScriptedService {
  std::vector<TimeSpan> failing{}, lying{};
  // Of the sample that is due then, with that outcome.
  std::function<Taken(Duration due, Outcome outcome)> takes = [](Duration, Outcome) {
    return Taken{Duration::zero(), std::chrono::milliseconds{2}};
  };

  Outcome at(Duration instant) const {
    const auto now = [&](const TimeSpan& span) { return span.has(instant); };
    if (std::ranges::any_of(lying, now)) return Outcome::wrong;
    return std::ranges::any_of(failing, now) ? Outcome::failed : Outcome::ok;
  }

  // What the service does when the question reaches it decides.
  ProbeSample sample(std::uint32_t probe, std::uint64_t seq, Duration due) const {
    ProbeSample made;
    made.probe = probe;
    made.seq = seq;
    made.due = {due};
    const Duration lateness = takes(due, Outcome::ok).lateness;
    made.sent = made.due + lateness;
    made.result.outcome = at(due + lateness);
    made.done = made.sent + takes(due, made.result.outcome).latency;
    if (made.result.outcome == Outcome::failed) made.result.reason = "connection refused";
    if (made.result.outcome == Outcome::wrong) {
      made.result.reason = "/balance is 0, expected 42.5";
      made.result.evidence = "200 {\"balance\": 0} of sample " + std::to_string(seq);
    }
    return made;
  }

  std::vector<ProbeSample> samples(std::uint32_t probe, Duration every, Duration from,
                                   Duration end) const {
    std::vector<ProbeSample> all;
    for (Duration due = from; due < end; due += every) {
      all.push_back(sample(probe, all.size(), due));
    }
    return all;
  }
};

inline RunTime instant_of(const RunEvent& event) {
  if (const auto* sample = std::get_if<ProbeSample>(&event)) return sample->done;
  if (const auto* edge = std::get_if<FaultEdge>(&event)) return edge->at;
  if (const auto* end = std::get_if<EndEvent>(&event)) return end->at;
  if (const auto* phase = std::get_if<PhaseEvent>(&event)) return phase->at;
  return {};
}

// As a journal has them: by when they became known.
inline void sort_as_known(std::vector<RunEvent>& events) {
  std::ranges::stable_sort(events, {}, instant_of);
}

inline FaultEdge edge(std::uint32_t entry, bool on, Duration at, Duration width = {}) {
  FaultEdge made;
  made.entry = entry;
  made.on = on;
  made.due = made.asked = {at - width};
  made.at = {at};
  return made;
}

}  // namespace blackstart::test
