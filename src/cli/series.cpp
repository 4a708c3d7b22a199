#include "cli/series.h"

#include <cstdio>
#include <filesystem>
#include <limits>

#include "cli/errors.h"
#include "cli/reading.h"
#include "core/series.h"
#include "report/sets.h"
#include "report/writers.h"
#include "sys/clock.h"
#include "sys/entropy.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

std::uint64_t first_seed(const Scenario& scenario, std::uint64_t runs) {
  const std::uint64_t seed = scenario.seed.value_or(random_seed() / 2);  // room above for the rest
  if (seed > std::numeric_limits<std::uint64_t>::max() - (runs - 1)) {
    throw CommandError{exit_code::usage, "--seed " + std::to_string(seed) + " leaves no room for " +
                                             std::to_string(runs) + " runs"};
  }
  return seed;
}

// The scenario as it was read at the beginning, whatever has become of its files since.
Scenario with_seed(const Scenario& scenario, std::uint64_t seed) {
  LoadOptions how;
  how.overlays.push_back({"seed", "seed: " + std::to_string(seed) + "\n"});
  Loaded loaded = load({scenario.name, scenario.resolved}, all_kinds(), how);
  if (!print_diagnostics(loaded)) {
    throw CommandError{exit_code::internal_error, "the scenario cannot be read a second time"};
  }
  loaded.scenario->name = scenario.name;
  loaded.scenario->targets = scenario.targets;
  return std::move(*loaded.scenario);
}

void refuse_a_folder_in_use(const std::string& folder) {
  if (!holds_runs(folder) && !fs::exists(folder + "/journal.jsonl")) return;
  throw CommandError{exit_code::usage, folder + " has runs in it already"};
}

// `write` makes the page; nothing is printed where standard output is for a result.
template <class Write>
void print(const ExperimentOptions& options, Write write) {
  if (options.result_only()) return;
  const TerminalLook look = look_of_stdout(options.plain);
  TerminalPage page{static_cast<std::size_t>(std::max(look.columns, 40)),
                    {.colour = look.colour, .unicode = look.unicode}};
  write(page);
  std::fputs(page.take().c_str(), stdout);
  std::fflush(stdout);
}

ExperimentOptions options_of_run(const ExperimentOptions& options, std::size_t number,
                                 const std::string& folder) {
  ExperimentOptions one = options;
  one.out = folder + "/" + std::to_string(number);
  one.quiet = options.quiet || options.result_only();
  one.json.clear();
  one.junit.clear();
  one.of_series = std::to_string(number) + "/" + std::to_string(options.repeat);
  return one;
}

void begin(const SeriesReport& series, const ExperimentOptions& options) {
  if (options.quiet) return;
  print(options, [&](TerminalPage& page) {
    page.paragraph("", std::to_string(series.asked) + " runs of " + series.scenario + ", seeds " +
                           std::to_string(series.seed) + " to " +
                           std::to_string(series.seed + series.asked - 1) + ", in " +
                           series.folder);
  });
}

// Plays one run and adds what its journal says. Returns its exit code.
int play_next(SeriesReport& series, const Scenario& scenario, const ExperimentOptions& options) {
  const std::size_t number = series.runs.size() + 1;
  const ExperimentOptions one = options_of_run(options, number, series.folder);
  const int code = carry_out_safely(
      [&] { return play_once(with_seed(scenario, series.seed + number - 1), one); });
  const bool refused = code == exit_code::usage || code == exit_code::machine;  // and said so
  if (refused || !fs::exists(one.out + "/journal.jsonl")) return code;
  series.folders.push_back(one.out);
  series.runs.push_back(read_run(one.out));
  for (ProbeReport& probe : series.runs.back().probes) probe.strip = {};
  if (!options.quiet) print(options, [&](TerminalPage& page) { run_line(page, series); });
  return code;
}

}  // namespace

int play_series(const Scenario& scenario, const ExperimentOptions& options) {
  SeriesReport series;
  series.scenario = scenario.name;
  series.asked = options.repeat;
  series.seed = first_seed(scenario, series.asked);
  series.folder = options.out.empty() ? free_folder(wall_clock_text(), scenario.name) : options.out;
  series.command = repeat_command(options, series.seed);
  refuse_a_folder_in_use(series.folder);
  begin(series, options);
  for (std::size_t i = 0; i < series.asked; ++i) {
    const int code = play_next(series, scenario, options);
    series.exit_code = worse_of(series.exit_code, code);
    if (ends_series(code)) break;
  }
  if (series.runs.empty()) return series.exit_code;
  print(options, [&](TerminalPage& page) { series_page(page, series, options.quiet); });
  write_to(series.folder + "/report.json", json_series(series));
  if (!options.json.empty()) write_to(options.json, json_series(series));
  if (!options.junit.empty()) write_to(options.junit, junit_series(series));
  return series.exit_code;
}

}  // namespace blackstart::cli
