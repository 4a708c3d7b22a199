#pragma once

// The same scenario several times, with seeds that follow each other.

#include <cstdint>
#include <string>
#include <vector>

#include "blackstart/report.h"
#include "core/figures.h"

namespace blackstart {

struct SeriesReport {
  std::string scenario, folder;
  std::string command;  // repeats the series
  std::uint64_t seed = 0;
  std::size_t asked = 0;             // runs; fewer have a journal where the series was ended early
  std::vector<RunReport> runs;       // that began
  std::vector<std::string> folders;  // of the runs
  int exit_code = 0;                 // the worst of the runs
};

// The worse of two exit codes, so that a series ends with its worst: 9 before all others, then
// 128 + a signal, 1, 2, 3, 4, 6, 7, 5 and 0.
int worse_of(int a, int b);

// Whether no further run may follow one that ended so: something of ours is left behind, somebody
// interrupted it, a guard spoke for the system, or it could not be started at all.
bool ends_series(int code);

// "5 of 5 runs: 3 held, 2 missed", and who is left out of the figures.
std::string series_sentence(const SeriesReport& series);

}  // namespace blackstart
