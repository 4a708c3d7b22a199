#pragma once

// The product's version, as `--version` and every journal say it.

#include <string_view>

namespace blackstart {

inline constexpr std::string_view kVersion = "0.1.0";

// Of Toxiproxy, whose API and command lines `serve` and `toxi` speak.
inline constexpr std::string_view kToxiproxyVersion = "2.12.0";

}  // namespace blackstart
