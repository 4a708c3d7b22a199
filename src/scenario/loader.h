#pragma once

// A scenario file to a Scenario.

#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "blackstart/diagnostic.h"
#include "blackstart/scenario.h"
#include "scenario/vars.h"

namespace blackstart {

// Finds a scenario of the library by name; nullopt when there is none.
using LibraryLookup = std::function<std::optional<SourceText>(std::string_view name)>;

struct LoadOptions {
  Settings sets;            // --set name=value
  Environment environment;  // empty: no variable is taken from the environment
  LibraryLookup library;    // empty: `replay:` finds nothing

  // Texts laid over the file, one over the other, by the same rules that lay a file over what
  // it replays. Each is a piece of a scenario without `blackstart:`, such as
  // "probes: {health: {http: …}}" for a probe that was asked for on the command line.
  std::vector<SourceText> overlays;

  // The text of a file that the scenario needs; throws std::runtime_error with the reason and the
  // file's name. Empty: such files are not read, and a target with `aws` has no prefixes; enough
  // for who only reports what a run was.
  std::function<std::string(const std::string& path)> read_file;
  std::string ranges_file;  // --ranges: wins over each `ranges_file:`
};

struct Loaded {
  std::optional<Scenario> scenario;  // only where there are no diagnostics
  Diagnostics diagnostics;           // in the order of the places they speak of
  std::vector<SourceText> sources;   // what their positions refer to, for render()
};

// Reads, merges, replaces, checks and types a scenario. Never throws for a mistake of the
// author, and finds all of them: structure, values, units, references from one part to another.
// `file.name` is what messages say; its stem is the scenario's name.
Loaded load(SourceText file, const Kinds& kinds, const LoadOptions& options);

}  // namespace blackstart
