#pragma once

// A run as a JSON value, for the writers that hold several of them.

#include <nlohmann/json.hpp>
#include <string>

#include "blackstart/report.h"

namespace blackstart {

using Json = nlohmann::ordered_json;

Json run_json(const RunReport& report);

// Indented, in ASCII, with a newline at its end.
std::string json_text(const Json& json);

}  // namespace blackstart
