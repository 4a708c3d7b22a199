#pragma once

// The figures of a run as numbers that can be held beside those of other runs, and what a set of
// runs says of each.
//
// An event that did not come while it was waited for is kNever. A probe that was never impacted
// was mitigated and gave its first good answer after 0 s, and has an amplification of 1, as the
// objectives read it; its first impact never came.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/report.h"
#include "core/statistics.h"

namespace blackstart {

struct Figure {
  enum class Unit : std::uint8_t { seconds, count, ratio };

  std::string_view key;    // as in the JSON report: "recovered_s"
  std::string_view title;  // "recovered after"
  Unit unit = Unit::seconds;
  std::string_view more, less;  // what a larger one and a smaller one is called: "slower"
  bool gates = false;           // a larger one is a regression of a judged probe
  std::string_view never = "never";

  // nullopt: the run cannot tell.
  std::optional<double> (*of)(const ProbeReport& probe) = nullptr;
};

std::span<const Figure> figures();

// Why a run's figures say nothing about recovery, in words; empty for one that counts: it came to
// its end, was valid, had a fault, and its journal is whole.
std::string why_left_out(const RunReport& report);

// Of the values that a figure had in a set of runs.
struct FigureSummary {
  const Figure* figure = nullptr;
  std::size_t runs = 0, never = 0;  // that could tell, and of those, in which it never came
  double median = 0.0, least = 0.0, most = 0.0;
  std::optional<Interval> interval;  // 95 % of the median; from kIntervalRunsMin runs on
};

inline constexpr std::size_t kIntervalRunsMin = 5;

struct ProbeSummary {
  std::string name;
  bool judged = false;
  std::vector<FigureSummary> figures;  // those that some run could tell
};

// Of the runs that count, by probe in the first one's order, controls left out. The same reports
// and the same seed give the same numbers.
std::vector<ProbeSummary> summarize(std::span<const RunReport> runs, RunSeed seed);

// The values of a figure of a probe, one for each run that counts and could tell.
std::vector<double> values_of(std::span<const RunReport> runs, std::string_view probe,
                              const Figure& figure);

// Probes that are not controls, by the first run that counts.
std::vector<const ProbeReport*> probes_of(std::span<const RunReport> runs);

}  // namespace blackstart
