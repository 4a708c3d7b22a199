#include "sys/entropy.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

TEST(RandomSeed, DiffersEachTimeAndSurvivesEveryJsonReader) {
  const std::uint64_t one = random_seed(), other = random_seed();
  EXPECT_NE(one, other);
  EXPECT_LT(one, std::uint64_t{1} << 53);
  EXPECT_LT(other, std::uint64_t{1} << 53);
}

}  // namespace
}  // namespace blackstart
