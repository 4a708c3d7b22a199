#pragma once

// The bytes of a scenario file, before anyone reads YAML in them.

#include <cstdint>
#include <string>

#include "blackstart/diagnostic.h"

namespace blackstart {

// Makes the text what read_yaml() expects, in place: no byte order mark, lines that end in \n.
// Refuses what is longer than limits::scenario_bytes_max, is not UTF-8, or has control
// characters: reports it and returns false.
bool clean_text(std::string& text, std::uint32_t file, Diagnostics& diagnostics);

}  // namespace blackstart
