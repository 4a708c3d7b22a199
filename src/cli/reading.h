#pragma once

// From a path on the command line to the runs whose journals are there.

#include <string>
#include <vector>

#include "blackstart/report.h"

namespace blackstart::cli {

// A run's folder or its journal. Throws CommandError (exit code 2) for what is no run.
RunReport read_run(const std::string& path);

struct RunSet {
  std::vector<std::string> paths;  // beside `reports`
  std::vector<RunReport> reports;  // without their strips
};

// One run, or all that lie in the folders of a folder, as --repeat leaves them, in the order of
// their numbers. Throws CommandError (exit code 2) where there is none.
RunSet read_runs(const std::string& path);

// Whether `folder` is one that read_runs() takes for several runs.
bool holds_runs(const std::string& folder);

}  // namespace blackstart::cli
