// The tables that spread delays, and what is drawn from them.

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "core/impairment.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr double kScale = 8'192.0;
constexpr std::array kAll{Distribution::normal, Distribution::uniform, Distribution::pareto,
                          Distribution::paretonormal};

struct Moments {
  double mean = 0.0, deviation = 0.0;
};

// In units of the jitter.
template <class Values>
Moments moments(const Values& values) {
  double sum = 0.0, squares = 0.0;
  for (const auto value : values) {
    sum += static_cast<double>(value);
    squares += static_cast<double>(value) * static_cast<double>(value);
  }
  const auto count = static_cast<double>(values.size());
  const double mean = sum / count;
  return {.mean = mean / kScale, .deviation = std::sqrt(squares / count - mean * mean) / kScale};
}

TEST(Distribution, TablesRiseAndHaveMeanZero) {
  for (const Distribution each : kAll) {
    const auto table = distribution_table(each);
    ASSERT_EQ(table.size(), 4'096u);
    EXPECT_TRUE(std::ranges::is_sorted(table));
    EXPECT_NEAR(moments(table).mean, 0.0, 1e-5)
        << kDistributionWords[static_cast<std::size_t>(each)];
  }
}

TEST(Distribution, TheJitterIsTheStandardDeviation) {
  for (const Distribution each :
       {Distribution::normal, Distribution::pareto, Distribution::paretonormal}) {
    EXPECT_NEAR(moments(distribution_table(each)).deviation, 1.0, 1e-4)
        << kDistributionWords[static_cast<std::size_t>(each)];
  }
  EXPECT_NEAR(moments(distribution_table(Distribution::uniform)).deviation,
              1.0 / std::numbers::sqrt3, 1e-4);
}

TEST(Distribution, NormalIsTheBell) {
  const auto table = distribution_table(Distribution::normal);
  for (std::size_t i = 0; i < table.size(); ++i) {
    EXPECT_EQ(table[i], -table[table.size() - 1 - i]) << "step " << i;
    // Each step's share, from the cumulative function: 1e-4 is a little over one unit.
    const double share = 0.5 * std::erfc(-table[i] / kScale / std::numbers::sqrt2);
    EXPECT_NEAR(share, (static_cast<double>(i) + 0.5) / 4'096.0, 1e-4) << "step " << i;
  }
  EXPECT_NEAR(table.back() / kScale, 3.67, 0.01) << "not cut off";
}

TEST(Distribution, UniformIsALineBetweenPlusAndMinusOne) {
  const auto table = distribution_table(Distribution::uniform);
  EXPECT_EQ(table.front(), -8'190);
  EXPECT_EQ(table.back(), 8'190);
  for (std::size_t i = 1; i < table.size(); ++i) EXPECT_EQ(table[i] - table[i - 1], 4);
}

TEST(Distribution, ParetoHasALongTailOnOneSide) {
  const auto table = distribution_table(Distribution::pareto);
  EXPECT_EQ(table.back(), 32'767) << "cut off at four deviations";
  EXPECT_GT(table.front(), -8'192);
  // Of shape 3 even after shift and stretch: two quantiles' distances, from (1 - p)^(-1/3).
  const auto at = [](double p) { return std::pow(1.0 - p, -1.0 / 3.0); };
  const double asked = (at(0.9) - at(0.5)) / (at(0.5) - at(0.1));
  EXPECT_NEAR((table[3'686] - table[2'048]) / static_cast<double>(table[2'048] - table[410]), asked,
              0.01);
}

TEST(Distribution, ParetonormalLiesBetweenItsParts) {
  const auto normal = distribution_table(Distribution::normal);
  const auto pareto = distribution_table(Distribution::pareto);
  const auto mixed = distribution_table(Distribution::paretonormal);
  EXPECT_GT(mixed.front(), normal.front());
  EXPECT_LT(mixed.front(), pareto.front());
  EXPECT_GT(mixed.back(), 31'000);
}

TEST(DrawDelay, HasTheMeanAndDeviationThatWereAsked) {
  for (const Distribution each : kAll) {
    Rng rng{7};
    std::vector<double> drawn(50'000);
    const Impairment impairment{.delay = 100ms, .jitter = 10ms, .distribution = each};
    for (double& value : drawn) {
      value = milliseconds_of(draw_delay(impairment, rng)) * kScale;
    }
    const Moments got = moments(drawn);
    EXPECT_NEAR(got.mean, 100.0, 0.2);
    EXPECT_NEAR(got.deviation, each == Distribution::uniform ? 5.77 : 10.0, 0.2);
  }
}

TEST(DrawDelay, IsNeverNegativeAndExactWithoutJitter) {
  Rng rng{7};
  const Impairment wide{.delay = 1ms, .jitter = 50ms};
  Duration least = 1h;
  for (int i = 0; i < 1'000; ++i) least = std::min(least, draw_delay(wide, rng));
  EXPECT_EQ(least, 0ns);
  EXPECT_EQ(draw_delay({.delay = 12'345'678ns}, rng), 12'345'678ns);
}

TEST(DrawDelay, RepeatsWithItsSeed) {
  Rng one{42}, other{42};
  const Impairment impairment{.delay = 1s, .jitter = 100ms};
  for (int i = 0; i < 100; ++i)
    EXPECT_EQ(draw_delay(impairment, one), draw_delay(impairment, other));
}

}  // namespace
}  // namespace blackstart
