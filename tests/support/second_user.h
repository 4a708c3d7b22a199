#pragma once

// Whether a test may become somebody else.

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>

namespace blackstart {

// False in the user namespace of an ordinary user, where nobody but its root exists.
inline bool has_second_user() {
  std::ifstream map{"/proc/self/uid_map"};
  std::uint64_t inside = 0, outside = 0, count = 0;
  while (map >> inside >> outside >> count) {
    if (count > 1) return true;
  }
  return false;
}

// Skips the test, or fails it where CI says that nothing may be skipped. Return after it.
inline void skip_for_want_of_a_second_user() {
  if (std::getenv("BLACKSTART_NO_SKIP") != nullptr) FAIL() << "needs a second user";
  GTEST_SKIP() << "needs a second user";
}

}  // namespace blackstart
