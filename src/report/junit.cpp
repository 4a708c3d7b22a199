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

struct Totals {
  std::size_t tests = 0, failures = 0, skipped = 0;
  double seconds = 0.0;

  void operator+=(const Totals& more) {
    tests += more.tests;
    failures += more.failures;
    skipped += more.skipped;
    seconds += more.seconds;
  }

  std::string attributes() const {
    return "tests=\"" + std::to_string(tests) + "\" failures=\"" + std::to_string(failures) +
           "\" errors=\"0\" skipped=\"" + std::to_string(skipped) + "\" time=\"" +
           seconds_text(seconds) + "\"";
  }
};

// All suites between the root's tags, gathered one by one.
class Suites {
 public:
  void add(const RunReport& report, const std::string& name) {
    const std::vector<Case> cases = cases_of(report);
    Totals totals{.tests = cases.size()};
    for (const Case& one : cases) {
      if (one.failure) ++totals.failures;
      if (one.skipped) ++totals.skipped;
    }
    if (report.ended) totals.seconds = seconds_of(report.ended->since_start);
    all_ += totals;
    const std::string suite = escaped(name);
    xml_ += "  <testsuite name=\"" + suite + "\" " + totals.attributes() + " timestamp=\"" +
            escaped(report.header.started_at) + "\" hostname=\"" + escaped(report.header.host) +
            "\">\n";
    for (const Case& one : cases) xml_ += case_xml(suite, one);
    xml_ += "    <system-out>" + escaped(report.sentence) + "</system-out>\n  </testsuite>\n";
  }

  std::string document() const {
    return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"blackstart\" " +
           all_.attributes() + ">\n" + xml_ + "</testsuites>\n";
  }

 private:
  std::string xml_;
  Totals all_;
};

}  // namespace

std::string junit_report(const RunReport& report) {
  Suites suites;
  suites.add(report, report.header.scenario);
  return suites.document();
}

std::string junit_series(const SeriesReport& series) {
  Suites suites;
  for (std::size_t i = 0; i < series.runs.size(); ++i) {
    suites.add(series.runs[i], series.scenario + ", run " + std::to_string(i + 1) + ", seed " +
                                   std::to_string(series.runs[i].header.seed));
  }
  return suites.document();
}

}  // namespace blackstart
