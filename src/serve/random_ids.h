#pragma once

// Numbers that an off-path attacker cannot guess (RFC 5452, 9.1).

#include <array>
#include <cstddef>
#include <cstdint>

namespace blackstart {

// From getrandom(2), fetched a page at a time: the run's seed must not decide these, for who
// knows the seed could forge answers. Not thread-safe.
class RandomIds {
 public:
  std::uint16_t next();
  std::size_t below(std::size_t bound);  // 0 … bound - 1; bound ≤ 256, near enough uniform

 private:
  std::array<std::uint16_t, 2'048> numbers_;
  std::size_t used_ = numbers_.size();
};

}  // namespace blackstart
