#include <cstdio>
#include <string>
#include <vector>

#include "report/writers.h"

namespace blackstart {
namespace {

// XML 1.0 has no place at all for most control characters, escaped or not.
std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : text) {
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
      case '\n':
        out += "&#10;";
        break;
      default:
        out += static_cast<unsigned char>(c) < 0x20 && c != '\t' ? '?' : c;
    }
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
  std::string failure;  // empty: passed
  double seconds = 0.0;
};

std::string figure(const ObjectiveResult& objective, double value) {
  const bool in_seconds = objective.name.ends_with("_within") || objective.name == "max_downtime";
  if (in_seconds) return seconds_text(value) + " s";
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

Case objective_case(const ProbeReport& probe, const ObjectiveResult& objective) {
  Case one{probe.name + ": " + objective.name + " " + figure(objective, objective.limit), {}, 0.0};
  if (objective.met) return one;
  const std::string value = objective.value ? figure(objective, *objective.value) : "never";
  one.failure = "was " + value + ", allowed " + figure(objective, objective.limit) + "; verdict " +
                std::string{name_of(probe.verdict)};
  if (!probe.wrong_evidence.empty() && objective.name == "max_wrong") {
    one.failure += "; first wrong answer: " + probe.wrong_evidence;
  }
  return one;
}

Case baseline_case(const RunReport& report) {
  Case one{"baseline: normal before the fault", {}, 0.0};
  if (report.verdict == RunVerdict::not_started) one.failure = report.sentence;
  return one;
}

Case proof_case(const FaultReport& fault) {
  Case one{"proof of injection: " + fault.name, {}, 0.0};
  if (!fault.proven && !fault.may_miss) one.failure = "the fault matched nothing";
  if (fault.on && fault.lift) one.seconds = seconds_of(*fault.lift - *fault.on);
  return one;
}

std::vector<Case> cases_of(const RunReport& report) {
  std::vector<Case> cases{baseline_case(report)};
  for (const ProbeReport& probe : report.probes) {
    for (const ObjectiveResult& objective : probe.objectives) {
      cases.push_back(objective_case(probe, objective));
    }
    if (probe.role != Role::control) continue;
    Case control{"control: " + probe.name + " did not move", {}, 0.0};
    if (probe.verdict != ProbeVerdict::absorbed && probe.verdict != ProbeVerdict::unjudged) {
      control.failure = "the control moved: " + std::string{name_of(probe.verdict)};
    }
    cases.push_back(std::move(control));
  }
  for (const FaultReport& fault : report.faults) {
    if (fault.on) cases.push_back(proof_case(fault));
  }
  Case clean{"clean-up: nothing is left behind", {}, 0.0};
  if (report.end && !report.end->cleaned_up) clean.failure = report.end->text;
  cases.push_back(std::move(clean));
  Case whole{"the run came to its end", {}, 0.0};
  if (report.interrupted || report.verdict == RunVerdict::stopped) whole.failure = report.sentence;
  cases.push_back(std::move(whole));
  return cases;
}

}  // namespace

std::string junit_report(const RunReport& report) {
  const std::vector<Case> cases = cases_of(report);
  std::size_t failures = 0;
  for (const Case& one : cases) {
    if (!one.failure.empty()) ++failures;
  }
  const std::string suite = escaped(report.header.scenario);
  const double ran = report.ended ? seconds_of(report.ended->since_start) : 0.0;
  const std::string totals = "tests=\"" + std::to_string(cases.size()) + "\" failures=\"" +
                             std::to_string(failures) + "\" errors=\"0\" time=\"" +
                             seconds_text(ran) + "\"";

  std::string xml = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"blackstart\" " +
                    totals + ">\n  <testsuite name=\"" + suite + "\" " + totals + " timestamp=\"" +
                    escaped(report.header.started_at) + "\" hostname=\"" +
                    escaped(report.header.host) + "\">\n";
  for (const Case& one : cases) {
    xml += "    <testcase classname=\"" + suite + "\" name=\"" + escaped(one.name) + "\" time=\"" +
           seconds_text(one.seconds) + "\"";
    xml += one.failure.empty()
               ? "/>\n"
               : ">\n      <failure message=\"" + escaped(one.failure) + "\"/>\n    </testcase>\n";
  }
  xml += "    <system-out>" + escaped(report.sentence) + "</system-out>\n";
  return xml + "  </testsuite>\n</testsuites>\n";
}

}  // namespace blackstart
