#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>
#include <optional>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/loading.h"
#include "core/analysis.h"
#include "report/journal_file.h"
#include "report/terminal.h"
#include "report/writers.h"

namespace blackstart::cli {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string format = "terminal";
  bool plain = false;
};

// The scenario as it ran, out of the journal's first line.
Scenario scenario_of(const RunHeader& header, const std::string& path) {
  const Loaded loaded = load({path, header.scenario_resolved}, all_kinds(), load_options({}));
  if (!print_diagnostics(loaded)) {
    throw CommandError{exit_code::usage, path + ": the scenario in its first line cannot be read"};
  }
  Scenario scenario = *loaded.scenario;
  scenario.name = header.scenario;
  return scenario;
}

RunReport read_run(const std::string& run) {
  const bool folder = std::filesystem::is_directory(run);
  const std::string path = folder ? run + "/journal.jsonl" : run;
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

int print_reports(const Options& options) {
  int worst = exit_code::held;
  for (const std::string& run : options.runs) {
    const RunReport report = read_run(run);
    worst = std::max(worst, report.exit_code);
    if (options.format == "terminal") {
      print_report(report, {.plain = options.plain, .quiet = false, .folder = run});
      continue;
    }
    for (const ReportFormat& format : report_formats()) {
      if (format.name == options.format) std::fputs(format.write(report).c_str(), stdout);
    }
  }
  return worst;
}

}  // namespace

extern const Command report_command{
    "report", "render the journal of a run again", "blackstart report runs/2025-10-20T064800-demo",
    [](CLI::App& app) -> std::function<int()> {
      auto options = std::make_shared<Options>();
      std::vector<std::string> formats{"terminal"};
      for (const ReportFormat& format : report_formats()) formats.emplace_back(format.name);
      app.add_option("RUN", options->runs, "a run's folder, or its journal.jsonl")->required();
      app.add_option("--format", options->format, "terminal, json or junit")
          ->check(CLI::IsMember(formats));
      app.add_flag("--plain", options->plain, "no colour");
      return [options] { return print_reports(*options); };
    }};

}  // namespace blackstart::cli
