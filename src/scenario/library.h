#pragma once

// The scenarios that come with the program, inside it.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "blackstart/diagnostic.h"

namespace blackstart {

struct LibraryScenario {
  std::string_view name;    // "us-east-1-dns": the file's stem, unique
  std::string_view folder;  // "incidents", "patterns"
  std::string_view title;
  std::string_view text;  // the file
};

// All of them, by folder and name.
std::span<const LibraryScenario> library_scenarios();

const LibraryScenario* find_library_scenario(std::string_view name);

// As LoadOptions::library wants it; messages call the text "library:NAME".
std::optional<SourceText> library_source(std::string_view name);

// The name most like `name`, or empty.
std::string nearest_library_scenario(std::string_view name);

}  // namespace blackstart
