#pragma once

// Measured quantities as a person says them.

#include <cstdint>
#include <string>

#include "blackstart/time.h"

namespace blackstart {

// "340 ms", "31.3 s", "5m12s": three or so significant figures, since none of it is measured
// any better.
std::string span_in_words(Duration span);
std::string seconds_in_words(double seconds);

// "1 time", "140 times".
std::string counted(std::uint64_t count, const std::string& one, const std::string& many);

}  // namespace blackstart
