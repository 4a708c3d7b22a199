#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "report/text.h"
#include "report/writers.h"

namespace blackstart {
namespace {

// XML 1.0 has no place at all for most control characters, escaped or not, nor for bytes that
// are no UTF-8: they become `?`. A newline is kept.
std::string escaped(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    for (const char c : picture::harmless(line)) {
      switch (c) {
        case '&':
          out += "&amp;";
          break;
        case '<':
          out += "&lt;";
          break;
        case '>':
          out += "&gt;";
          break;
        case '"':
          out += "&quot;";
          break;
        default:
          out += c;
      }
    }
    if (line.size() < text.size()) out += "&#10;";
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return out;
}

std::string seconds_text(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

struct Case {
  std::string name;
  std::optional<std::string> failure = std::nullopt;  // why, where it failed
  double seconds = 0.0;
  bool skipped = false;  // there was nothing to judge
};

std::string figure(const ObjectiveResult& objective, double value) {
  const bool in_seconds = objective.name.ends_with("_within") || objective.name == "max_downtime";
  if (in_seconds) return seconds_text(value) + " s";
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

Case objective_case(const ProbeReport& probe, const ObjectiveResult& objective) {
  Case one{probe.name + ": " + objective.name + " " + figure(objective, objective.limit)};
  if (objective.met) return one;
  const std::string value = objective.value ? figure(objective, *objective.value) : "never";
  std::string why = "was " + value + ", allowed " + figure(objective, objective.limit) +
                    "; verdict " + std::string{name_of(probe.verdict)};
  if (!probe.wrong_evidence.empty() && objective.name == "max_wrong") {
    why += "; first wrong answer: " + probe.wrong_evidence;
  }
  one.failure = std::move(why);
  return one;
}

Case baseline_case(const RunReport& report) {
  Case one{"baseline: normal before the fault"};
  if (report.verdict == RunVerdict::not_started) one.failure = report.sentence;
  return one;
}

Case control_case(const ProbeReport& probe) {
  Case one{"control: " + probe.name + " did not move"};
  if (probe.verdict != ProbeVerdict::absorbed && probe.verdict != ProbeVerdict::unjudged) {
    one.failure = "the control moved: " + std::string{name_of(probe.verdict)};
  }
  return one;
}

// A probe may have missed what it was asked without an objective that says so: in a run without
// faults there are none.
bool missed_without_objective(const ProbeReport& probe) {
  const bool missed = probe.verdict == ProbeVerdict::lied || probe.verdict == ProbeVerdict::stuck;
  return probe.judged && missed && std::ranges::all_of(probe.objectives, &ObjectiveResult::met);
}

Case proof_case(const FaultReport& fault, bool finished) {
  Case one{"proof of injection: " + fault.name};
  if (fault.on && fault.lift) one.seconds = seconds_of(*fault.lift - *fault.on);
  if (fault.proven || fault.may_miss) return one;
  one.skipped = !finished;
  if (finished)
    one.failure = fault.on ? "the fault hit nothing" : "the fault never came into force";
  return one;
}

void add_probe_cases(std::vector<Case>& cases, const ProbeReport& probe) {
  for (const ObjectiveResult& objective : probe.objectives) {
    cases.push_back(objective_case(probe, objective));
  }
  if (missed_without_objective(probe)) {
    const std::string word{name_of(probe.verdict)};
    cases.push_back({probe.name + ": verdict", word + "; " + probe.wrong_evidence});
  }
  if (probe.role == Role::control) cases.push_back(control_case(probe));
}

std::vector<Case> cases_of(const RunReport& report) {
  std::vector<Case> cases{baseline_case(report)};
  for (const ProbeReport& probe : report.probes) add_probe_cases(cases, probe);
  const bool finished = report.end && report.end->why == EndEvent::Why::finished;
  for (const FaultReport& fault : report.faults) cases.push_back(proof_case(fault, finished));
  Case clean{"clean-up: nothing is left behind"};
  if (report.end && !report.end->cleaned_up) {
    clean.failure = "something could not be removed; " + report.end->text;
  }
  cases.push_back(std::move(clean));
  Case whole{"the run came to its end"};
  if (report.verdict == RunVerdict::stopped) whole.failure = report.sentence;
  cases.push_back(std::move(whole));
  return cases;
}

std::string case_xml(const std::string& suite, const Case& one) {
  const std::string open = "    <testcase classname=\"" + suite + "\" name=\"" + escaped(one.name) +
                           "\" time=\"" + seconds_text(one.seconds) + "\"";
  if (one.skipped) return open + ">\n      <skipped/>\n    </testcase>\n";
  if (!one.failure) return open + "/>\n";
  return open + ">\n      <failure message=\"" + escaped(*one.failure) + "\"/>\n    </testcase>\n";
}

}  // namespace

std::string junit_report(const RunReport& report) {
  const std::vector<Case> cases = cases_of(report);
  const auto failures =
      std::ranges::count_if(cases, [](const Case& one) { return one.failure.has_value(); });
  const auto skipped = std::ranges::count(cases, true, &Case::skipped);
  const std::string suite = escaped(report.header.scenario);
  const double ran = report.ended ? seconds_of(report.ended->since_start) : 0.0;
  const std::string totals = "tests=\"" + std::to_string(cases.size()) + "\" failures=\"" +
                             std::to_string(failures) + "\" errors=\"0\" skipped=\"" +
                             std::to_string(skipped) + "\" time=\"" + seconds_text(ran) + "\"";

  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"blackstart\" " +
                    totals + ">\n  <testsuite name=\"" + suite + "\" " + totals + " timestamp=\"" +
                    escaped(report.header.started_at) + "\" hostname=\"" +
                    escaped(report.header.host) + "\">\n";
  for (const Case& one : cases) xml += case_xml(suite, one);
  xml += "    <system-out>" + escaped(report.sentence) + "</system-out>\n";
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace blackstart
