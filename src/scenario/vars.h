#pragma once

// `${name}` and `${name:-default}` in the values of a scenario.
//
// A value comes from --set, else from the file's own `vars:`, else from the environment, else
// from the default. Replacement changes the text of scalars and nothing else: it never makes a
// list of a text, nor a key. `$${` stands for a plain `${`.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/diagnostic.h"
#include "blackstart/node.h"

namespace blackstart {

using Settings = std::map<std::string, std::string, std::less<>>;
using Environment = std::function<std::optional<std::string>(const std::string& name)>;

// Replaces every reference below `root`, a scenario's top-level mapping, whose `vars:` may refer
// to each other. Reports, at their places: a name that has no value, a ring of vars, a reference
// that does not end, and a name in `sets` that the scenario never asks for. `sources` are the
// texts that the positions in `root` refer to.
//
// Returns the places of the values that could not be replaced, sorted: they keep their text, and
// whoever reads them has nothing new to say.
std::vector<SourcePos> replace_vars(Node& root, const Settings& sets,
                                    const Environment& environment,
                                    const std::vector<SourceText>& sources,
                                    Diagnostics& diagnostics);

}  // namespace blackstart
