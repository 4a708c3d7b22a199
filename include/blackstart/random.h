#pragma once

// Every random choice of a run comes from its seed.

#include <cstdint>
#include <string_view>

#include "blackstart/units.h"

namespace blackstart {

struct RunSeed {
  std::uint64_t value = 0;
};

// splitmix64: small, fast, the same sequence on every machine. Not for secrets.
class Rng {
 public:
  explicit Rng(std::uint64_t state) : state_{state} {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }

  // Uniform in [0, 1).
  double fraction() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }

  bool happens(Probability chance) { return fraction() < chance.fraction(); }

 private:
  std::uint64_t state_;
};

// Each step draws from a stream of its own, named by `step`, so adding a step does not
// change the luck of the others.
inline Rng rng_for(RunSeed seed, std::string_view step) {
  // FNV-1a, because std::hash may differ from build to build and a replay must not.
  std::uint64_t hash = 0xcbf29ce484222325 ^ seed.value;
  for (const char c : step) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return Rng{hash};
}

}  // namespace blackstart
