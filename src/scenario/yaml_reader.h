#pragma once

// Text to located tree. The only place that knows YAML.
//
// YAML allows much that a scenario does not need and that hides mistakes, so less is read:
// one document, text keys, no merge keys (`<<`), no tags but `!!str`. A repeated key is an
// error, where most YAML readers let the last one win in silence.

#include <cstdint>
#include <optional>
#include <string_view>

#include "blackstart/diagnostic.h"
#include "blackstart/node.h"

namespace blackstart {

// Reads a text that clean_text() has passed. Aliases are expanded, within
// limits::scenario_nodes_max; nesting beyond limits::scenario_depth_max is refused before it costs
// anything. Columns count characters.
//
// nullopt when the text is no YAML at all; what a document says twice or in forms that scenarios
// don't have is reported, left out, and the rest is returned. `file` goes into every position.
std::optional<Node> read_yaml(std::string_view text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace blackstart
