#pragma once

// The path of a request's target (RFC 9112, 3.2). Pure.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace blackstart::api {

inline constexpr auto kHeldPath = "/blackstart/held";  // said at both ends

// Percent-decoded, without query, of "/a?b" and of "http://host/a"; nullopt where it is neither or
// a `%` has not two hexadecimal digits behind it.
std::optional<std::string> path_of(std::string_view target);

// Without doubled slashes and dots; the last slash stays.
std::string cleaned(std::string_view path);

std::string percent_encoded(std::string_view path);

// "/proxies/*/toxics": what stands for each `*`, which is never empty and has no slash; nullopt
// where the path is another.
std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path);

}  // namespace blackstart::api
