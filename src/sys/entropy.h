#pragma once

// A number that nobody chose.

#include <cstdint>

namespace blackstart {

// From getrandom(2); at most 2^53 - 1, so that it survives every JSON reader.
std::uint64_t random_seed();

}  // namespace blackstart
