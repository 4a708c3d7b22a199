#pragma once

// A file over what it replays, and what the command line adds over both: one tree.

#include <optional>
#include <vector>

#include "blackstart/diagnostic.h"
#include "blackstart/node.h"
#include "scenario/loader.h"

namespace blackstart {

// Lays `over` on `base`: mappings merge key by key, anything else replaces what was there.
// `where` is replaced as a whole, since its forms exclude each other.
void lay_over(Node& base, Node over);

// Reads `file`, the library scenarios that it builds on and the overlays, and merges them. Each
// text read is appended to `sources`. nullopt where nothing could be read; every mistake is
// reported.
std::optional<Node> read_layers(SourceText file, const LoadOptions& options,
                                std::vector<SourceText>& sources, Diagnostics& diagnostics);

}  // namespace blackstart
