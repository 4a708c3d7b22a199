#pragma once

// A checked tree as one JSON text that loads to the same scenario.

#include <string>

#include "blackstart/node.h"

namespace blackstart {

// `vars` and `replay` are left out: what they said is in place. Plain scalars that JSON would
// read as a number or a boolean are written as such, all others as strings; `${` is escaped.
std::string resolved_json(const Node& root);

}  // namespace blackstart
