#pragma once

// What `blackstart toxi` sends and prints. Proxies and toxics are JSON as
// the server answers them. Pure.

#include <nlohmann/json_fwd.hpp>

#include <optional>
#include <string>
#include <vector>

#include "report/text.h"

namespace blackstart::cli {

using Json = nlohmann::ordered_json;

// Where `person` has a style: aligned columns under headings, with a hint what to do next.
// Otherwise a line each and tabs, for scripts. Sorted by name.
std::string proxy_list(const Json& proxies, const std::optional<picture::Style>& person);
std::string toxic_list(const Json& proxy, const std::optional<picture::Style>& person);

// Each of `texts` is "key=value", or several with commas; what parses as a number is one. Throws
// CommandError (exit code 2) for anything else.
Json toxic_attributes(const std::vector<std::string>& texts);

}  // namespace blackstart::cli
