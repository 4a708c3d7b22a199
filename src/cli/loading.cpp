#include "cli/loading.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "blackstart/limits.h"
#include "blackstart/report.h"
#include "cli/errors.h"
#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/library.h"

namespace blackstart::cli {
namespace {

CommandError usage(const std::string& text) { return {exit_code::usage, text}; }

// "pid:4711" and its like, as the language writes them.
std::string where_yaml(const std::string& where) {
  const auto colon = where.find(':');
  if (colon == std::string::npos) return quoted_yaml(where);
  const std::string kind = where.substr(0, colon), value = where.substr(colon + 1);
  return "{" + kind + ": " + (kind == "pid" ? value : quoted_yaml(value)) + "}";
}

// The command line as a piece of a scenario, so that one set of rules reads both.
std::string overlay_of(const ScenarioOptions& options) {
  std::string yaml;
  if (!options.speed.empty()) yaml += "speed: " + options.speed + "\n";
  if (options.seed) yaml += "seed: " + std::to_string(*options.seed) + "\n";
  if (!options.where.empty()) yaml += "where: " + where_yaml(options.where) + "\n";
  if (!options.engine.empty()) yaml += "engine: " + quoted_yaml(options.engine) + "\n";
  if (!options.probes.empty()) yaml += "probes:\n";
  for (std::size_t i = 0; i < options.probes.size(); ++i) {
    const std::string number = options.probes.size() == 1 ? "" : " " + std::to_string(i + 1);
    const std::string name = "probe" + number;
    yaml += "  " + quoted_yaml(name) + ": {http: " + quoted_yaml(options.probes[i]) + "}\n";
  }
  if (!options.probes.empty()) yaml += "objectives:\n";
  for (std::size_t i = 0; i < options.probes.size(); ++i) {
    const std::string number = options.probes.size() == 1 ? "" : " " + std::to_string(i + 1);
    yaml += "  " + quoted_yaml("probe" + number) + ": {normal: 99%}\n";
  }
  return yaml;
}

SourceText find_source(const std::string& scenario) {
  if (const auto library = library_source(scenario)) return *library;
  const bool looks_like_path = scenario.find('/') != std::string::npos ||
                               scenario.ends_with(".yaml") || scenario.ends_with(".yml");
  if (looks_like_path || std::filesystem::exists(scenario)) return read_source(scenario);
  const std::string near = nearest_library_scenario(scenario);
  throw usage("there is no scenario '" + scenario + "'" +
              (near.empty() ? "" : "; did you mean '" + near + "'?") + "\ntry: blackstart list");
}

Settings settings_of(const std::vector<std::string>& sets) {
  Settings settings;
  for (const std::string& set : sets) {
    const auto equals = set.find('=');
    if (equals == std::string::npos || equals == 0) {
      throw usage("--set takes name=value, not '" + set + "'");
    }
    settings[set.substr(0, equals)] = set.substr(equals + 1);
  }
  return settings;
}

std::string read_up_to(const std::string& path, std::size_t most) {
  std::error_code problem;
  if (std::filesystem::is_directory(path, problem)) throw usage(path + " is a folder");
  std::ifstream in{path, std::ios::binary};
  if (!in) throw usage("cannot read " + path + ": " + std::system_category().message(errno));
  std::string text(most, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::optional<std::string> environment_value(std::string_view name) {
  const char* value = std::getenv(std::string{name}.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace

std::string quoted_yaml(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

void add_scenario_options(CLI::App& app, ScenarioOptions& options) {
  app.add_option("SCENARIO", options.scenario, "a library name (blackstart list) or a file")
      ->required();
  app.add_option("--set", options.sets, "name=value of a variable of the scenario; repeatable")
      ->allow_extra_args(false);
  app.add_option("--speed", options.speed, "divides every time of the timeline");
  add_overlay_options(app, options);
  add_ranges_option(app, options.ranges);
}

void add_overlay_options(CLI::App& app, ScenarioOptions& options) {
  app.add_option("--probe", options.probes, "a URL to watch, without any file; repeatable")
      ->allow_extra_args(false);
  app.add_option("--where", options.where,
                 "host, sandbox, pid:N, netns:NAME or container:NAME; wins over the scenario's");
  app.add_option("--engine", options.engine,
                 "netem, nfqueue or nftables, or not at all; default: the best there is");
  app.add_option("--seed", options.seed, "everything random draws from it");
}

void add_ranges_option(CLI::App& app, std::string& ranges) {
  app.add_option("--ranges", ranges, "AWS's ip-ranges.json, for targets with `aws`");
}

Kinds all_kinds() { return {fault_kinds(), probe_kinds()}; }

LoadOptions load_options(const std::vector<std::string>& sets, const std::string& ranges) {
  const auto read_ranges = [](const std::string& path) {
    std::string text = read_up_to(path, limits::ranges_bytes_max + 1);
    if (text.size() > limits::ranges_bytes_max) throw usage(path + " is larger than 64 MiB");
    return text;
  };
  return {settings_of(sets), environment_value, library_source, {}, read_ranges, ranges};
}

SourceText read_source(const std::string& path) {
  return {path, read_up_to(path, limits::scenario_bytes_max + 1)};  // the reader refuses more
}

bool print_diagnostics(const Loaded& loaded) {
  for (const Diagnostic& one : loaded.diagnostics) {
    std::fputs(render(one, loaded.sources).c_str(), stderr);
  }
  return loaded.diagnostics.empty();
}

Scenario load_scenario(const ScenarioOptions& options, std::vector<SourceText> more) {
  LoadOptions how = load_options(options.sets, options.ranges);
  how.overlays.push_back({"command line", overlay_of(options)});
  for (SourceText& text : more) how.overlays.push_back(std::move(text));
  std::erase_if(how.overlays, [](const SourceText& text) { return text.text.empty(); });

  Loaded loaded =
      load(options.text ? *options.text : find_source(options.scenario), all_kinds(), how);
  if (!print_diagnostics(loaded)) {
    const std::size_t count = loaded.diagnostics.size();
    throw usage(std::to_string(count) + (count == 1 ? " mistake" : " mistakes") + " in " +
                (options.text ? options.text->name : options.scenario) + "; nothing was injected");
  }
  const auto asks = [](const Target& target) { return target.aws.has_value(); };
  if (!options.ranges.empty() && std::ranges::none_of(loaded.scenario->targets, asks)) {
    throw usage("--ranges: no target of " + options.scenario + " has `aws`");
  }
  return std::move(*loaded.scenario);
}

}  // namespace blackstart::cli
