#pragma once

// --repeat: one scenario several times.

#include "cli/experiment.h"

namespace blackstart::cli {

// Plays `scenario` options.repeat times, with its seed, seed + 1, …: each run has a folder of its
// own, FOLDER/1, FOLDER/2, …, and FOLDER/report.json is the series. Ends early where another run
// would be wrong (ends_series()). Returns the worst run's exit code; throws CommandError for what
// keeps the series from starting.
int play_series(const Scenario& scenario, const ExperimentOptions& options);

}  // namespace blackstart::cli
