#include "sys/entropy.h"

#include <sys/random.h>

#include "sys/fd.h"

namespace blackstart {

std::uint64_t random_seed() {
  std::uint64_t value = 0;
  check("getrandom", ::getrandom(&value, sizeof value, 0));
  return value >> 11;
}

}  // namespace blackstart
