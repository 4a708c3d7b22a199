#pragma once

// The files of the library as the build put them into the program.

#include <span>
#include <string_view>

namespace blackstart {

struct EmbeddedFile {
  std::string_view folder, name, text;
};

// Defined in a source that cmake/embed_scenarios.cmake generates from scenarios/.
std::span<const EmbeddedFile> embedded_files();

}  // namespace blackstart
