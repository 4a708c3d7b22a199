#pragma once

// From words on the command line to a loaded scenario.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/scenario.h"
#include "scenario/loader.h"

namespace CLI {
class App;
}

namespace blackstart::cli {

// What verbs that take a scenario have in common. A library name or a file's path, and what is
// laid over it.
struct ScenarioOptions {
  std::string scenario;
  std::optional<SourceText> text;   // the scenario itself, instead of a name or a path
  std::vector<std::string> sets;    // name=value
  std::vector<std::string> probes;  // URLs
  std::string where;                // host, sandbox, pid:N, netns:NAME, container:NAME
  std::string speed;                // a number, as written
  std::string engine;               // netem, nfqueue or nftables
  std::string ranges;               // an ip-ranges file of AWS; empty: the scenario's own
  std::optional<std::uint64_t> seed;
};

// A text as the language's YAML has it, whatever is in it.
std::string quoted_yaml(std::string_view text);

// Adds --probe, --where, --engine and --seed.
void add_overlay_options(CLI::App& app, ScenarioOptions& options);

// Adds those and SCENARIO, --set, --speed and --ranges.
void add_scenario_options(CLI::App& app, ScenarioOptions& options);
void add_ranges_option(CLI::App& app, std::string& ranges);

Kinds all_kinds();

// What loading needs besides the text: --set, --ranges, the environment, the library and files.
LoadOptions load_options(const std::vector<std::string>& sets, const std::string& ranges);

// Reads a whole file, of scenario size at the most; throws CommandError (exit code 2).
SourceText read_source(const std::string& path);

// Loads, prints every mistake to standard error, and throws CommandError (exit code 2) when
// there is one. `more` is laid over the rest.
Scenario load_scenario(const ScenarioOptions& options, std::vector<SourceText> more = {});

// Prints the mistakes of a loaded file to standard error; true when there are none.
bool print_diagnostics(const Loaded& loaded);

}  // namespace blackstart::cli
