#pragma once

// The parts of the terminal's report that are tables.

#include "blackstart/report.h"
#include "report/terminal_page.h"

namespace blackstart {

// A row a probe: its word, its figures, and below them what was asked of it.
void numbers_table(TerminalPage& page, const RunReport& report);

// What each fault did, and what it hit.
void proof_list(TerminalPage& page, const RunReport& report);

// Latencies, the way back, and why samples failed.
void detail_table(TerminalPage& page, const RunReport& report);

// How long the real outage was for the length of its fault, and how long this one.
void incident_bars(TerminalPage& page, const RunReport& report);

}  // namespace blackstart
