#include "scenario/loader.h"

#include <algorithm>

#include "blackstart/limits.h"
#include "scenario/build.h"
#include "scenario/checker.h"
#include "scenario/language.h"
#include "scenario/layers.h"
#include "scenario/places.h"
#include "scenario/resolved.h"

namespace blackstart {
namespace {

// "us-east-1-dns" of "scenarios/incidents/us-east-1-dns.yaml" and of "library:us-east-1-dns".
std::string stem_of(std::string_view file) {
  file.remove_prefix(file.find_last_of("/:") + 1);
  for (const std::string_view ending : {".yaml", ".yml", ".json"}) {
    if (file.size() > ending.size() && file.ends_with(ending)) file.remove_suffix(ending.size());
  }
  return std::string{file};
}

Scenario build_scenario(const Node& root, const Kinds& kinds, const std::vector<SourcePos>& lacking,
                        const LoadOptions& options, Diagnostics& diagnostics) {
  Scenario scenario;
  Build build{kinds, lacking, options, diagnostics, scenario, {}, {}, {}, {}};
  const ParamReader top{root, diagnostics};
  build_frame(top, build);
  build_targets(top, build);
  build_probes(top, build);
  build_stack(top, build);
  build_timeline(top, build);
  build_objectives(top, build);
  build_guards(top, build);
  scenario.resolved = resolved_json(root);
  if (scenario.resolved.size() > limits::scenario_bytes_max) {
    build.report(root.pos, "the scenario is larger than 1 MiB once everything is in place");
  }
  return scenario;
}

// In the order of their places, each once, and no more than anyone reads.
void put_in_order(Diagnostics& diagnostics) {
  std::ranges::stable_sort(diagnostics, comes_before, &Diagnostic::pos);
  const auto same = [](const Diagnostic& a, const Diagnostic& b) {
    return a.pos == b.pos && a.message == b.message;
  };
  diagnostics.erase(std::unique(diagnostics.begin(), diagnostics.end(), same), diagnostics.end());
  if (diagnostics.size() <= limits::diagnostics_max) return;
  const std::size_t more = diagnostics.size() - limits::diagnostics_max;
  Diagnostic& last = diagnostics[limits::diagnostics_max];
  last = {last.pos, "and " + std::to_string(more) + " more mistakes from here on", ""};
  diagnostics.resize(limits::diagnostics_max + 1);
}

// A fault or a probe that is missing, and nobody has said why, is our own mistake.
bool is_whole(const Scenario& scenario) {
  const bool faults = std::ranges::all_of(scenario.timeline, [](const Entry& entry) {
    return entry.kind.empty() ? !entry.note.empty() : entry.fault != nullptr;
  });
  const bool probes =
      std::ranges::all_of(scenario.probes, [](const ProbeSpec& p) { return p.check != nullptr; });
  return faults && probes;
}

}  // namespace

Loaded load(SourceText file, const Kinds& kinds, const LoadOptions& options) {
  Loaded loaded;
  const std::string name = stem_of(file.name);
  auto root = read_layers(std::move(file), options, loaded.sources, loaded.diagnostics);
  if (root) {
    const Language language{kinds};
    const auto refused =
        replace_vars(*root, options.sets, options.environment, loaded.sources, loaded.diagnostics);
    const auto lacking = check(*root, language.top(), refused, loaded.diagnostics);
    place_ranges_files(*root, options, loaded.sources);
    Scenario scenario = build_scenario(*root, kinds, lacking, options, loaded.diagnostics);
    scenario.name = name;
    if (loaded.diagnostics.empty()) {
      BS_ASSERT(is_whole(scenario));
      loaded.scenario = std::move(scenario);
    }
  }
  put_in_order(loaded.diagnostics);
  return loaded;
}

}  // namespace blackstart
