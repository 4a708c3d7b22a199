#pragma once

// Sets of runs, and two of them side by side, as people and programs read them.

#include <string>
#include <vector>

#include "core/compare.h"
#include "core/series.h"
#include "report/terminal_page.h"

namespace blackstart {

// What a figure was: "340ms", "never", "12", "1.48x".
std::string figure_text(const Figure& figure, double value);

// What became of the latest run of a series, in a line or a few.
void run_line(TerminalPage& page, const SeriesReport& series);

// The verdict of the series and, unless `quiet`, a table per probe.
void series_page(TerminalPage& page, const SeriesReport& series, bool quiet);

// One side of a comparison.
struct ComparedSet {
  std::string path;
  std::vector<std::string> counted;   // paths of runs
  std::vector<std::string> left_out;  // "runs/2: interrupted"
};

struct ComparedSets {
  ComparedSet before, now;
  std::vector<std::string> differences;  // of the experiments, where they are compared all the same
  Comparison comparison;
};

// "slower", "faster", "no difference shown" or "too few runs to tell": of the figures that gate.
std::string_view outcome_of(const Comparison& comparison);

void comparison_page(TerminalPage& page, const ComparedSets& sets);
std::string comparison_json(const ComparedSets& sets);

}  // namespace blackstart
