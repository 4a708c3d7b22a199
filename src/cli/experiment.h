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
  std::string command;               // that repeats it, but for the seed; empty: `run`
  bool plain = false;                // no live view, no colour
  bool quiet = false;                // the verdict only
  bool i_am_local = false;           // nobody sits elsewhere: never ask whether they do
  std::size_t repeat = 1;            // runs, with seeds that follow each other
  std::string of_series;             // "3/5": one of several, whose report is not printed
  std::vector<SourceText> overlays;  // laid over the scenario, after the command line

  // Standard output is for the JSON or JUnit result and nothing else.
  bool result_only() const { return json == "-" || junit == "-"; }
};

// Adds --out, --json, --junit, --upstream, --plain, --quiet and --i-am-local.
void add_output_options(CLI::App& app, ExperimentOptions& options);

void add_repeat_option(CLI::App& app, ExperimentOptions& options);

// Returns the exit code of the verdict. Throws CommandError for what keeps a run from starting.
int experiment(const ExperimentOptions& options);

// One run, in a sandbox of its own where the scenario wants one.
int play_once(const Scenario& scenario, const ExperimentOptions& options);

// runs/2025-10-20T064800-us-east-1-dns; a second one in the same second gets a number.
std::string free_folder(std::string started_at, const std::string& scenario);

// The command that repeats it, seed included.
std::string repeat_command(const ExperimentOptions& options, std::uint64_t seed);

// `-` is standard output. Throws CommandError (exit code 3).
void write_to(const std::string& path, const std::string& text);

}  // namespace blackstart::cli
