#include <CLI/CLI.hpp>
#include <memory>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/reading.h"
#include "report/terminal.h"
#include "report/writers.h"

namespace blackstart::cli {
namespace {

struct Options {
  std::vector<std::string> runs;
  std::string format = "terminal";
  bool plain = false;
};

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
