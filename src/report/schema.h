#pragma once

// The scenario language as a JSON Schema, for editors.

#include <string>

#include "blackstart/shape.h"

namespace blackstart {

// JSON Schema draft-07, since that is what the YAML language servers of editors implement.
// Made from the very table that the parser checks with. Every scalar may also be a text with a
// `${name}` in it.
std::string json_schema(const Shape& top);

}  // namespace blackstart
