#pragma once

// Whether a test may become somebody else.

#include <cstdint>
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

}  // namespace blackstart
