#pragma once

// A run told in a few words: when its two probes failed or lied, and how it ended.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/analysis.h"
#include "support/scenarios.h"
#include "support/scripted_service.h"

namespace blackstart::test {

using namespace std::chrono_literals;

struct Asked {
  std::optional<Duration> recover_within{}, mitigate_within{}, max_downtime{};
  std::optional<double> max_amplification{};
};

inline Objective objective(const Asked& asked) {
  Objective made;
  made.recover_within = asked.recover_within;
  made.mitigate_within = asked.mitigate_within;
  made.max_downtime = asked.max_downtime;
  made.max_amplification = asked.max_amplification;
  return made;
}

// A fault from 10 s to 20 s of a run of 60 s; `balance` is judged, `ledger` is the control.
struct Story {
  Scenario scenario = scenario_of({fault_entry("cut", 0s, 10s)},
                                  {probe("balance"), probe("ledger", 100ms, Role::control)});
  std::vector<TimeSpan> failing{}, lying{}, control_failing{};
  std::vector<FaultEdge> edges{edge(0, true, 10s), edge(0, false, 20s)};
  std::vector<Proof> proofs{{.entry = 0, .packets = 12, .bytes = 700, .answers = {}}};
  std::optional<EndEvent> end = EndEvent{.at = {60s}, .text = {}};

  Story() { scenario.objectives[0] = objective({.recover_within = 5s}); }

  Objective& asked() { return scenario.objectives[0]; }
  void end_with(EndEvent::Why why, Duration at, int signal = 0, std::string text = {}) {
    end = EndEvent{.at = {at}, .why = why, .signal = signal, .text = std::move(text)};
  }

  std::vector<RunEvent> events() const {
    const Duration until = end ? end->at.since_start : 60s;
    std::vector<RunEvent> all;
    for (const FaultEdge& edge : edges) {
      if (edge.at.since_start <= until) all.push_back(edge);
    }
    ScriptedService service{.failing = failing, .lying = lying};
    for (auto& sample : service.samples(0, 100ms, 0s, until)) all.push_back(std::move(sample));
    service = {.failing = control_failing, .lying = {}};
    for (auto& sample : service.samples(1, 100ms, 0s, until)) all.push_back(std::move(sample));
    sort_as_known(all);
    for (const Proof& proof : proofs) all.push_back(proof);
    if (end) all.push_back(*end);
    return all;
  }

  RunReport report() const {
    Analysis analysis{scenario};
    for (const RunEvent& event : events()) analysis.add(event);
    return analysis.report();
  }
};

}  // namespace blackstart::test
