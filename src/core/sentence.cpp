#include "core/sentence.h"

#include <algorithm>
#include <cstdio>
#include <vector>

#include "core/verdict.h"
#include "core/words.h"

namespace blackstart {
namespace {

using Why = EndEvent::Why;

constexpr std::size_t kProbesNamed = 2;

std::string ratio(double value) {
  char text[64];
  std::snprintf(text, sizeof text, "%.2g", value);
  return text;
}

std::string allowed(const ObjectiveResult& objective) {
  return ", allowed " + seconds_in_words(objective.limit);
}

// "lied 140 times", with the leave it had where it had any.
std::string lied(const ProbeReport& probe, double leave) {
  const std::string times = probe.wrong == 1 ? "once" : counted(probe.wrong, "time", "times");
  if (leave == 0.0) return "lied " + times;
  return "lied " + times + ", allowed " + std::to_string(static_cast<std::uint64_t>(leave));
}

std::string not_back(const ProbeReport& probe, const RunReport& report) {
  const std::string limit = span_in_words(report.scenario.watch.limit);
  if (probe.recovered && probe.relapses > 0) return "came back and left again";
  return "was not back within " + limit + " of the lift";
}

// What one unmet objective says of the probe, as the end of a sentence that begins with its name.
std::string unmet(const ObjectiveResult& objective, const ProbeReport& probe,
                  const RunReport& report) {
  if (objective.name == "max_wrong") return lied(probe, objective.limit);
  if (objective.name == "mitigate_within") {
    if (objective.value) {
      return "was mitigated after " + seconds_in_words(*objective.value) + allowed(objective);
    }
    return "was not mitigated while the fault held, allowed " + seconds_in_words(objective.limit);
  }
  if (objective.name == "max_downtime") {
    return "was down for " + seconds_in_words(objective.value.value_or(0.0)) + allowed(objective);
  }
  if (!objective.value) return not_back(probe, report);
  if (objective.name == "max_amplification") {
    return "took " + ratio(*objective.value) + " times as long as the fault, allowed " +
           ratio(objective.limit);
  }
  return "came back " + seconds_in_words(*objective.value) + " after the lift" + allowed(objective);
}

std::string all_unmet(const ProbeReport& probe, const RunReport& report) {
  std::vector<std::string> clauses;
  for (const ObjectiveResult& objective : probe.objectives) {
    if (objective.met) continue;
    std::string clause = unmet(objective, probe, report);
    if (std::ranges::find(clauses, clause) == clauses.end()) clauses.push_back(std::move(clause));
  }
  if (clauses.empty()) clauses.push_back(lied(probe, 0.0));  // of a run without faults
  std::string text = probe.name + " " + clauses.front();
  for (std::size_t i = 1; i < clauses.size(); ++i) text += "; and it " + clauses[i];
  return text;
}

std::string missed_sentence(const RunReport& report) {
  std::string text = "MISSED: ";
  std::size_t named = 0, more = 0;
  for (const ProbeReport& probe : report.probes) {
    if (!missed(probe)) continue;
    if (named == kProbesNamed && ++more > 0) continue;
    text += (named++ == 0 ? "" : "; ") + all_unmet(probe, report);
  }
  if (more > 0) text += "; and " + counted(more, "more probe missed", "more probes missed");
  return text;
}

// The probe that took longest to come back, of those that count where any does.
const ProbeReport* slowest(const std::vector<ProbeReport>& probes, bool judged) {
  const ProbeReport* found = nullptr;
  for (const ProbeReport& probe : probes) {
    if (probe.judged != judged || probe.verdict == ProbeVerdict::absorbed) continue;
    if (!probe.recovered || (found != nullptr && *probe.recovered <= *found->recovered)) continue;
    found = &probe;
  }
  return found;
}

std::string held_sentence(const RunReport& report) {
  if (report.probes.empty()) return "HELD: nothing was watched";
  const auto judged =
      static_cast<std::size_t>(std::ranges::count(report.probes, true, &ProbeReport::judged));
  const std::string asked =
      judged == 0   ? "HELD: no objective was set"
      : judged == 1 ? "HELD: every objective was met"
                    : "HELD: all " + std::to_string(judged) + " judged probes met their objectives";
  const ProbeReport* const last = slowest(report.probes, judged > 0);
  if (last != nullptr) {
    return asked + "; " + last->name + " was back " + span_in_words(*last->recovered) +
           " after the lift";
  }
  const auto left = std::ranges::find_if(report.probes, [&](const ProbeReport& probe) {
    return probe.judged == (judged > 0) && probe.verdict != ProbeVerdict::absorbed;
  });
  if (left == report.probes.end()) return asked + "; nothing left normal";
  return asked + "; " + left->name + " " + std::string{name_of(left->verdict)};
}

std::string invalid_sentence(const RunReport& report, const std::string& control_moved) {
  if (!control_moved.empty()) {
    return "INVALID: the control probe " + control_moved +
           " moved, so something besides the faults was wrong";
  }
  const auto fault = std::ranges::find_if(report.faults, [](const FaultReport& candidate) {
    return !candidate.proven && !candidate.may_miss;
  });
  const char* const because = fault->on ? "' hit nothing" : "' never came into force";
  return "INVALID: '" + fault->name + because + ", so the run proves nothing";
}

std::string with_text(const std::string& words, const RunReport& report) {
  return report.end->text.empty() ? words : words + ": " + report.end->text;
}

std::string stopped_sentence(const RunReport& report) {
  if (!report.end) return "STOPPED: the run was interrupted, and its journal has no end";
  if (report.end->why == Why::guard) return with_text("STOPPED by a guard", report);
  if (report.end->why == Why::error) return with_text("STOPPED by an error", report);
  const std::string lifted = report.first_on ? "; everything was lifted" : ", before any fault";
  return with_text("STOPPED: interrupted" + lifted, report);
}

std::string verdict_sentence(const RunReport& report, const std::string& control_moved) {
  switch (report.verdict) {
    case RunVerdict::held:
      return held_sentence(report);
    case RunVerdict::missed:
      return missed_sentence(report);
    case RunVerdict::invalid:
      return invalid_sentence(report, control_moved);
    case RunVerdict::not_started:
      return with_text("NOT STARTED", report);
    case RunVerdict::stopped:
      return stopped_sentence(report);
  }
  return {};
}

}  // namespace

std::string sentence_of(const RunReport& report, const std::string& control_moved) {
  const std::string text = verdict_sentence(report, control_moved);
  if (!report.end || report.end->cleaned_up) return text;
  return text + "; CLEAN-UP IS INCOMPLETE";
}

}  // namespace blackstart
