#pragma once

// A whole run as a verb carries it out: load, preflight, run, report.

#include <optional>
#include <string>
#include <vector>

#include "cli/loading.h"

namespace blackstart::cli {

struct ExperimentOptions {
  ScenarioOptions scenario;
  std::string out;          // empty: runs/DATE-NAME
  std::string json, junit;  // files to write besides, `-` for standard output
  std::vector<std::string> upstreams;
  bool plain = false;                // no live view, no colour
  bool quiet = false;                // the verdict only
  std::vector<SourceText> overlays;  // laid over the scenario, after the command line
};

// Adds --out, --json, --junit, --upstream, --plain and --quiet.
void add_output_options(CLI::App& app, ExperimentOptions& options);

// Returns the exit code of the verdict. Throws CommandError for what keeps a run from starting.
int experiment(const ExperimentOptions& options);

}  // namespace blackstart::cli
