#include "cli/reading.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <tuple>

#include "cli/errors.h"
#include "cli/loading.h"
#include "core/analysis.h"
#include "report/journal_file.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* kJournal = "journal.jsonl";

// The scenario as it ran, out of the journal's first line, which needs no other file.
Scenario scenario_of(const RunHeader& header, const std::string& path) {
  const Loaded loaded = load({path, header.scenario_resolved}, all_kinds(), {});
  if (!print_diagnostics(loaded)) {
    throw CommandError{exit_code::usage, path + ": the scenario in its first line cannot be read"};
  }
  Scenario scenario = *loaded.scenario;
  scenario.name = header.scenario;
  return scenario;
}

// Folders of runs in `folder`: 2 before 10, and before what is no number.
std::vector<fs::path> run_folders(const std::string& folder) {
  std::vector<fs::path> found;
  std::error_code problem;
  for (const auto& entry : fs::directory_iterator{folder, problem}) {
    if (fs::exists(entry.path() / kJournal, problem)) found.push_back(entry.path());
  }
  std::ranges::sort(found, {}, [](const fs::path& path) {
    const std::string name = path.filename().string();
    const bool number = name.find_first_not_of("0123456789") == std::string::npos;
    return std::tuple{!number, number ? name.size() : 0, name};
  });
  return found;
}

}  // namespace

RunReport read_run(const std::string& run) {
  std::error_code problem;
  const std::string path = fs::is_directory(run, problem) ? run + "/" + kJournal : run;
  std::optional<Analysis> analysis;
  const auto on_event = [&](const RunEvent& event) {
    if (const auto* header = std::get_if<RunHeader>(&event)) {
      analysis.emplace(scenario_of(*header, path));
    }
    if (analysis) analysis->add(event);
  };
  JournalSummary summary;
  try {
    summary = read_journal(path, on_event);
  } catch (const std::runtime_error& error) {  // a missing file too
    throw CommandError{exit_code::usage, error.what()};
  }
  RunReport report = analysis.value().report();
  report.torn_lines = summary.torn_lines;
  return report;
}

bool holds_runs(const std::string& folder) {
  std::error_code problem;
  return fs::is_directory(folder, problem) && !fs::exists(fs::path{folder} / kJournal, problem) &&
         !run_folders(folder).empty();
}

RunSet read_runs(const std::string& path) {
  RunSet set;
  std::error_code problem;
  if (holds_runs(path)) {
    for (const fs::path& folder : run_folders(path)) set.paths.push_back(folder.string());
  } else if (fs::is_directory(path, problem) && !fs::exists(fs::path{path} / kJournal, problem)) {
    throw CommandError{exit_code::usage,
                       path + " is no run: there is no " + kJournal + " in it or in its folders"};
  } else {
    set.paths.push_back(path);
  }
  for (const std::string& run : set.paths) {
    set.reports.push_back(read_run(run));
    for (ProbeReport& probe : set.reports.back().probes) probe.strip = {};
  }
  return set;
}

}  // namespace blackstart::cli
