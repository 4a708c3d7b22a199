#pragma once

// From a checked tree to a Scenario, part by part. What the shapes cannot say is checked here:
// references from one part to another, values that are no address or no name.

#include <map>
#include <string>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/scenario.h"
#include "scenario/aws_ranges.h"
#include "scenario/loader.h"

namespace blackstart {

// What the parts share while one scenario is built.
struct Build {
  const Kinds& kinds;
  const std::vector<SourcePos>& lacking;  // of check()
  const LoadOptions& options;
  Diagnostics& diagnostics;
  Scenario& scenario;

  using Index = std::map<std::string, std::size_t, std::less<>>;
  Index targets, probes;                    // by name
  std::vector<bool> broken;                 // by index of a target: something about it was reported
  std::map<std::string, AwsRanges> ranges;  // by path: read once, for all targets

  // The mapping at `pos` is known to be incomplete.
  bool lacks(SourcePos pos) const;
  void report(SourcePos pos, std::string message, std::string hint = {}) const;

  // Reads a mapping with `parse` and passes its complaints on, but for those about a mapping
  // that is known to be incomplete.
  template <class Parse>
  auto read(const Node& map, Parse parse) const {
    Diagnostics own;
    auto result = parse(ParamReader{map, own});
    for (Diagnostic& one : own) {
      if (!lacks(one.pos)) diagnostics.push_back(std::move(one));
    }
    return result;
  }

  // The index of `name`, or nullopt after saying at `pos` that there is no such `kind`.
  std::optional<std::size_t> find(const Index& index, std::string_view kind, std::string_view name,
                                  SourcePos pos) const;

  // Says so where a table is larger than `most`, and whether its names can be shown in a report.
  void check_names(const Node* table, std::string_view kind, std::size_t most) const;
};

// The scalars of a list, or the one that stands for it.
std::vector<const Node*> scalars_of(const Node* value);

Where read_where(const Node& value);

// Puts into each `aws` the absolute path of the file that its prefixes come from: of --ranges,
// else `ranges_file`, which is relative to the file that says it.
void place_ranges_files(Node& root, const LoadOptions& options,
                        const std::vector<SourceText>& sources);

// `in` reads the target, whose `cidr` is there.
void read_aws(const ParamReader& in, Target& target, Build& build);

// In this order: later parts refer to earlier ones. `top` reads the file's root.
void build_frame(const ParamReader& top, Build& build);  // all that refers to nothing
void build_targets(const ParamReader& top, Build& build);
void build_probes(const ParamReader& top, Build& build);
void build_stack(const ParamReader& top, Build& build);
void build_timeline(const ParamReader& top, Build& build);
void build_objectives(const ParamReader& top, Build& build);
void build_guards(const ParamReader& top, Build& build);

}  // namespace blackstart
