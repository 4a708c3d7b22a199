#pragma once

// The final report as a person reads it in a terminal.

#include <string>

#include "blackstart/report.h"

namespace blackstart {

struct TerminalOptions {
  bool plain = false;  // no colour, whatever the terminal can do
  bool quiet = false;  // the verdict only
  std::string folder;  // the run's; named at the end when given
};

// Narrower than this nothing can be told.
inline constexpr int kTerminalColumnsMin = 40;

// Pure: the whole report, no line wider than `columns` (at least 40).
std::string terminal_report(const RunReport& report, const TerminalOptions& options, int columns,
                            bool colour, bool unicode);

// To standard output, in its width, with colour where it is a terminal and NO_COLOR is unset.
// Where it is longer than the terminal, the verdict stands at its end as well.
void print_report(const RunReport& report, const TerminalOptions& options);

}  // namespace blackstart
