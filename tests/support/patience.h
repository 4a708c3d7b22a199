#pragma once

// Tests that hold the product to real time, on machines of any speed.

#include <algorithm>
#include <chrono>
#include <cstdlib>

namespace blackstart {

// How many times slower than a machine of its own this one is taken to be: BLACKSTART_SLOWNESS,
// or 1. tests/vm/init sets it, since QEMU emulates its processors.
inline int slowness() {
  const char* const text = std::getenv("BLACKSTART_SLOWNESS");
  return text == nullptr ? 1 : std::max(1, std::atoi(text));
}

// What a test gives the product to do something in, or holds it to.
inline std::chrono::nanoseconds patient(std::chrono::nanoseconds span) { return slowness() * span; }

}  // namespace blackstart
