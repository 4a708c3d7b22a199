#include "serve/random_ids.h"

#include <sys/random.h>

#include <string>

#include "sys/fd.h"

namespace blackstart {

std::uint16_t RandomIds::next() {
  if (used_ == numbers_.size()) {
    auto* const bytes = reinterpret_cast<std::uint8_t*>(numbers_.data());
    for (std::size_t have = 0; have < sizeof numbers_;) {
      have += static_cast<std::size_t>(
          check("getrandom()", ::getrandom(bytes + have, sizeof numbers_ - have, 0)));
    }
    used_ = 0;
  }
  return numbers_[used_++];
}

std::size_t RandomIds::below(std::size_t bound) { return next() % bound; }

}  // namespace blackstart
