#include "core/probe_tally.h"

#include <algorithm>

#include "blackstart/limits.h"

namespace blackstart {

ProbeTally::ProbeTally(const Scenario& scenario, std::size_t probe)
    : tracker_{recovery_rules(scenario, probe)}, strip_{scenario.probes.at(probe).every} {
  const ProbeSpec& spec = scenario.probes[probe];
  counts_.name = spec.name;
  counts_.role = spec.role;
  counts_.judged = scenario.objectives.contains(probe);
}

void ProbeTally::on_faults(bool in_force, RunTime asked, RunTime at) {
  tracker_.on_faults(in_force, asked, at);
}

void ProbeTally::on_sample(const ProbeSample& sample) {
  tracker_.on_sample(sample);
  strip_.add(sample);
  ++counts_.samples;
  const bool sent = !sample.result.reason.starts_with(kNotSent);
  if (sent) lateness_.add(sample.sent - sample.due);
  if (!sent) ++counts_.capped;
  if (sample.result.outcome != Outcome::ok) count_bad(sample);
}

void ProbeTally::count_bad(const ProbeSample& sample) {
  auto& reasons = counts_.reasons;
  const bool room = reasons.size() < kReasonsMax || reasons.contains(sample.result.reason);
  ++reasons[room ? sample.result.reason : std::string{kOtherReasons}];
  if (sample.result.outcome == Outcome::failed) {
    ++counts_.failed;
    return;
  }
  ++counts_.wrong;
  if (!counts_.first_wrong || sample.due < *counts_.first_wrong) {
    counts_.first_wrong = sample.due;
    counts_.wrong_evidence = sample.result.evidence.substr(0, limits::evidence_bytes_max);
  }
  counts_.last_wrong = std::max(counts_.last_wrong.value_or(sample.due), sample.due);
}

RecoveryFigures ProbeTally::figures(RunTime ended) const {
  RecoveryTracker finished = tracker_;
  finished.finish(ended);
  return finished.figures();
}

ProbeReport ProbeTally::report(const RecoveryFigures& figures) const {
  ProbeReport out = counts_;
  out.baseline_ok_share = figures.baseline.ok_share();
  out.before = figures.before;
  out.during = figures.during;
  out.after = figures.after;
  out.first_impact = figures.first_impact;
  out.mitigated = figures.mitigated;
  out.first_good = figures.first_good;
  out.recovered = figures.recovered;
  out.back_to_speed = figures.back_to_speed;
  out.relapses = figures.relapses;
  out.downtime = figures.downtime;
  out.amplification = figures.amplification;
  out.uncertainty = figures.uncertainty;
  out.lateness_p99 = lateness_.percentile(0.99);
  out.strip = strip_.strip();
  return out;
}

}  // namespace blackstart
