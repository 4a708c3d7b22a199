#include "core/verdict.h"

#include <algorithm>

#include "core/sentence.h"

namespace blackstart {
namespace {

using Why = EndEvent::Why;

// Lists what was asked of a probe beside what it did.
class Objectives {
 public:
  explicit Objectives(std::vector<ObjectiveResult>& out) : out_{&out} {}

  void at_most(const char* name, double limit, std::optional<double> value) {
    out_->push_back({name, limit, value, value && *value <= limit});
  }

 private:
  std::vector<ObjectiveResult>* out_;
};

// When it was normal again, from the first fault; zero for one that always was.
std::optional<double> back_after(const RecoveryFigures& figures, Duration fault_length) {
  if (!figures.left_normal) return 0.0;
  if (figures.mitigated) return seconds_of(*figures.mitigated);
  if (!figures.recovered || !figures.settled) return std::nullopt;
  return seconds_of(*figures.recovered + fault_length);
}

// A mitigation is asked for while the fault holds; when the faults are over before the limit is,
// being back within it is all that can be asked.
void judge_mitigation(const RecoveryFigures& figures, Duration limit, Duration fault_length,
                      Objectives& into) {
  const auto back = back_after(figures, fault_length);
  const bool mitigated = figures.mitigated || !figures.left_normal;
  const bool in_time = back && *back <= seconds_of(limit);
  into.at_most("mitigate_within", seconds_of(limit), mitigated || in_time ? back : std::nullopt);
}

std::vector<ObjectiveResult> objectives(const ProbeReport& probe, const RecoveryFigures& figures,
                                        const Objective& asked, const Watch& watch,
                                        Duration fault_length) {
  std::vector<ObjectiveResult> results;
  Objectives into{results};
  const bool back = figures.settled;
  std::optional<double> recovered;
  if (back && figures.recovered) recovered = seconds_of(*figures.recovered);
  if (asked.recover_within) {
    into.at_most("recover_within", seconds_of(*asked.recover_within), recovered);
  } else if (!back) {
    into.at_most("limit", seconds_of(watch.limit), std::nullopt);
  }
  if (asked.mitigate_within) {
    judge_mitigation(figures, *asked.mitigate_within, fault_length, into);
  }
  if (asked.max_downtime) {
    into.at_most("max_downtime", seconds_of(*asked.max_downtime), seconds_of(figures.downtime));
  }
  into.at_most("max_wrong", static_cast<double>(asked.max_wrong), static_cast<double>(probe.wrong));
  if (asked.max_amplification) {
    const auto value = figures.left_normal ? figures.amplification : std::optional{1.0};
    into.at_most("max_amplification", *asked.max_amplification, back ? value : std::nullopt);
  }
  return results;
}

int exit_code_of(const RunReport& report) {
  if (report.end && !report.end->cleaned_up) return exit_code::not_clean;
  switch (report.verdict) {
    case RunVerdict::held:
      return exit_code::held;
    case RunVerdict::missed:
      return exit_code::missed;
    case RunVerdict::invalid:
      return exit_code::invalid;
    case RunVerdict::not_started:
      return exit_code::not_normal;
    case RunVerdict::stopped:
      break;
  }
  constexpr int kInterrupt = 2;
  if (!report.end) return exit_code::signal_base + kInterrupt;
  if (report.end->why == Why::guard) return exit_code::guard;
  if (report.end->why == Why::error) return exit_code::internal_error;
  return exit_code::signal_base + (report.end->signal > 0 ? report.end->signal : kInterrupt);
}

bool unproven(const FaultReport& fault) { return !fault.proven && !fault.may_miss; }

RunVerdict verdict_of(const RunReport& report, bool control_moved) {
  if (!report.end) return RunVerdict::stopped;
  switch (report.end->why) {
    case Why::not_normal:
    case Why::stack_not_ready:
      return RunVerdict::not_started;
    case Why::interrupted:
    case Why::guard:
    case Why::error:
      return RunVerdict::stopped;
    case Why::finished:
      break;
  }
  if (control_moved || std::ranges::any_of(report.faults, unproven)) return RunVerdict::invalid;
  return std::ranges::any_of(report.probes, missed) ? RunVerdict::missed : RunVerdict::held;
}

}  // namespace

void judge_probe(ProbeReport& probe, const RecoveryFigures& figures, const Objective* objective,
                 const Watch& watch, Duration fault_length, const std::optional<EndEvent>& end) {
  const Objective asked = objective != nullptr ? *objective : Objective{};
  const bool finished = end && end->why == Why::finished;
  const bool never_began = !figures.first_fault;
  const bool seen = figures.settled || finished;
  if (objective != nullptr && seen && !never_began) {
    probe.objectives = objectives(probe, figures, asked, watch, fault_length);
  }
  const bool met = std::ranges::all_of(probe.objectives, &ObjectiveResult::met);
  if (probe.wrong > asked.max_wrong && !(never_began && !finished)) {
    probe.verdict = ProbeVerdict::lied;
  } else if (!seen) {
    probe.verdict = ProbeVerdict::unjudged;
  } else if (never_began) {
    probe.verdict = ProbeVerdict::absorbed;
  } else if (!figures.settled) {
    probe.verdict = ProbeVerdict::stuck;
  } else if (!figures.left_normal) {
    probe.verdict = ProbeVerdict::absorbed;
  } else {
    probe.verdict = met ? ProbeVerdict::recovered : ProbeVerdict::slow;
  }
}

bool missed(const ProbeReport& probe) {
  if (!probe.judged) return false;
  return probe.verdict == ProbeVerdict::lied || probe.verdict == ProbeVerdict::stuck ||
         !std::ranges::all_of(probe.objectives, &ObjectiveResult::met);
}

void judge_run(RunReport& report, const std::string& control_moved) {
  report.verdict = verdict_of(report, !control_moved.empty());
  report.exit_code = exit_code_of(report);
  report.interrupted = !report.end || report.end->why == Why::interrupted;
  report.sentence = sentence_of(report, control_moved);
}

}  // namespace blackstart
