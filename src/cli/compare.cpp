#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/experiment.h"
#include "cli/reading.h"
#include "report/sets.h"

namespace blackstart::cli {
namespace {

struct Options {
  std::string before, now, json, fail_on;
  bool force = false, plain = false;
};

// Which runs of a set count, and why others do not.
ComparedSet sort_out(const std::string& path, const RunSet& set) {
  ComparedSet sorted{path, {}, {}};
  for (std::size_t i = 0; i < set.reports.size(); ++i) {
    const std::string why = why_left_out(set.reports[i]);
    if (why.empty()) {
      sorted.counted.push_back(set.paths[i]);
    } else {
      sorted.left_out.push_back(set.paths[i] + ": " + why);
    }
  }
  if (!sorted.counted.empty()) return sorted;
  std::string text = "no run of " + path + " can be compared";
  for (const std::string& one : sorted.left_out) text += "\n  " + one;
  throw CommandError{exit_code::invalid, text};
}

// Against the first run that counts, of all runs that do.
std::vector<std::string> differences_of(const RunSet& before, const RunSet& now) {
  std::vector<std::string> found;
  const auto counts = [](const RunReport& run) { return why_left_out(run).empty(); };
  const RunReport& first = *std::ranges::find_if(before.reports, counts);
  for (const RunSet* set : {&before, &now}) {
    for (std::size_t i = 0; i < set->reports.size(); ++i) {
      if (!counts(set->reports[i])) continue;
      for (const std::string& one : differences(first.scenario, set->reports[i].scenario)) {
        found.push_back(set->paths[i] + ": " + one);
      }
    }
  }
  return found;
}

void refuse(const std::vector<std::string>& differences) {
  std::string text = "these are not runs of the same experiment";
  for (const std::string& one : differences) text += "\n  " + one;
  throw CommandError{exit_code::usage, text + "\ntry: --force, to compare them all the same"};
}

void print(const ComparedSets& sets, const Options& options) {
  const TerminalLook look = look_of_stdout(options.plain);
  TerminalPage page{static_cast<std::size_t>(std::max(look.columns, 40)),
                    {.colour = look.colour, .unicode = look.unicode}};
  comparison_page(page, sets);
  std::fputs(page.take().c_str(), stdout);
}

int gate(const Comparison& comparison) {
  if (comparison.slower) return exit_code::regression;
  if (comparison.gating == 0) {
    throw CommandError{exit_code::usage,
                       "--fail-on has nothing to judge: no probe with an "
                       "objective is in both"};
  }
  return comparison.too_few ? exit_code::invalid : exit_code::held;
}

int compare_runs(const Options& options) {
  const RunSet before = read_runs(options.before), now = read_runs(options.now);
  ComparedSets sets{sort_out(options.before, before), sort_out(options.now, now), {}, {}};
  sets.differences = differences_of(before, now);
  if (!sets.differences.empty() && !options.force) refuse(sets.differences);
  sets.comparison = compare(before.reports, now.reports);
  if (options.json != "-") print(sets, options);
  if (!options.json.empty()) write_to(options.json, comparison_json(sets));
  return options.fail_on.empty() ? exit_code::held : gate(sets.comparison);
}

}  // namespace

extern const Command compare_command{
    "compare", "two sets of runs: is the new one slower?",
    "for set in old new; do blackstart demo --speed 1200 --repeat 4 --out /tmp/$set; done\n"
    "  blackstart compare /tmp/old /tmp/new --fail-on slower",
    [](CLI::App& app) -> std::function<int()> {
      auto options = std::make_shared<Options>();
      app.add_option("OLD", options->before,
                     "a run's folder, its journal.jsonl, or a folder of runs (run --repeat)")
          ->required();
      app.add_option("NEW", options->now, "the same, of what is held beside it")->required();
      app.add_option("--fail-on", options->fail_on,
                     "slower: exit code 10 when a judged probe was mitigated or recovered later,\n"
                     "was down longer or gave more wrong answers; 6 with too few runs to tell")
          ->check(CLI::IsMember({"slower"}));
      app.add_option("--json", options->json, "write the result as JSON; - for standard output");
      app.add_flag("--force", options->force, "compare runs of different experiments, too");
      app.add_flag("--plain", options->plain, "no colour");
      return [options] { return compare_runs(*options); };
    }};

}  // namespace blackstart::cli
