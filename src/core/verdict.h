#pragma once

// Figures to words: objectives, verdicts, exit code and the one sentence. analysis.h says which
// beats which.

#include <optional>
#include <string>

#include "blackstart/report.h"
#include "core/recovery.h"

namespace blackstart {

// Fills in `objectives` and `verdict` of a probe whose figures are filled in. `objective` is
// null for one that is only reported; `end` is empty where the journal has none.
void judge_probe(ProbeReport& probe, const RecoveryFigures& figures, const Objective* objective,
                 const Watch& watch, Duration fault_length, const std::optional<EndEvent>& end);

// Missed an objective, lied, or is stuck; only of a judged one.
bool missed(const ProbeReport& probe);

// Fills in `verdict`, `exit_code`, `interrupted` and `sentence` of a report in which everything
// else is. `control_moved`: the name of a control probe that moved, or empty.
void judge_run(RunReport& report, const std::string& control_moved);

}  // namespace blackstart
