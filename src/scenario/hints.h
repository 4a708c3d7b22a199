#pragma once

// Words that messages share.

#include <string>
#include <string_view>
#include <vector>

#include "blackstart/diagnostic.h"

namespace blackstart {

// "did you mean 'network'?", or empty. Past the first hundred mistakes nobody reads hints, and
// looking for them would take long.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates,
                         const Diagnostics& so_far);

// The text in quotes, shortened where it is long.
std::string in_quotes(std::string_view text);

// "a, b and c" with `last` = "and".
std::string listed(const std::vector<std::string_view>& words, std::string_view last);

}  // namespace blackstart
