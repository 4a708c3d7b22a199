#pragma once

// Sets of finished runs of one probe, whose figures are given.

#include <optional>
#include <vector>

#include "blackstart/report.h"
#include "support/scenarios.h"

namespace blackstart::test {

// Cut off for 10 s, back so long after the lift; never, where there is no value.
inline RunReport run_back_after(std::optional<double> seconds, std::uint64_t wrong = 0) {
  using namespace std::chrono_literals;
  RunReport run;
  run.scenario = scenario_of({fault_entry("cut", 0s, 10s)}, {probe("db")});
  run.scenario.name = "outage";
  run.header.scenario = "outage";
  run.header.seed = 42;
  run.header.started_at = "2025-11-20T09:00:00Z";
  run.verdict = seconds ? RunVerdict::held : RunVerdict::missed;
  run.exit_code = seconds ? exit_code::held : exit_code::missed;
  run.first_on = RunTime{10s};
  run.last_lift = RunTime{20s};
  run.end = EndEvent{};
  ProbeReport db;
  db.name = "db";
  db.judged = true;
  db.wrong = wrong;
  db.failed = 100;
  db.before.count = 50;
  db.first_impact = 100ms;
  db.downtime = 30s;
  if (seconds) {
    const auto back = std::chrono::duration_cast<Duration>(std::chrono::duration<double>{*seconds});
    db.recovered = db.first_good = db.back_to_speed = back;
    db.downtime = 10s + back;
    db.amplification = 1.0 + *seconds / 10.0;
  }
  run.probes.push_back(db);
  ProbeReport control;
  control.name = "world";
  control.role = Role::control;
  run.probes.push_back(control);
  return run;
}

inline std::vector<RunReport> runs_back_after(const std::vector<std::optional<double>>& seconds) {
  std::vector<RunReport> runs;
  for (const auto& one : seconds) runs.push_back(run_back_after(one));
  return runs;
}

}  // namespace blackstart::test
