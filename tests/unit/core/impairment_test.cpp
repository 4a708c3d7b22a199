// What a network does to packets, as numbers: how two impairments add up, how one becomes
// another, and whether bursts and delays have the means that were asked for.

#include "core/impairment.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

const Impairment kSlow{.delay = 100ms,
                       .jitter = 30ms,
                       .distribution = Distribution::pareto,
                       .loss = 0.1,
                       .burst = 4.0,
                       .duplicate = 0.02,
                       .reorder = 0.25,
                       .corrupt = 0.001,
                       .rate = Bandwidth{5'000'000}};
const Impairment kLossy{.delay = 7ms,
                        .jitter = 40ms,
                        .distribution = Distribution::uniform,
                        .loss = 0.5,
                        .burst = 2.5,
                        .rate = Bandwidth{1'000'000}};
const Impairment kOdd{.delay = 1234567ns, .jitter = 11ms, .loss = 0.031, .reorder = 1.0};

void expect_same(const Impairment& one, const Impairment& other) {
  EXPECT_EQ(one.delay, other.delay);
  EXPECT_NEAR(static_cast<double>(one.jitter.count()), static_cast<double>(other.jitter.count()),
              2.0);
  EXPECT_EQ(one.distribution, other.distribution);
  EXPECT_NEAR(one.loss, other.loss, 1e-12);
  EXPECT_EQ(one.burst, other.burst);
  EXPECT_NEAR(one.duplicate, other.duplicate, 1e-12);
  EXPECT_NEAR(one.reorder, other.reorder, 1e-12);
  EXPECT_NEAR(one.corrupt, other.corrupt, 1e-12);
  EXPECT_EQ(one.rate, other.rate);
}

TEST(Impairment, AddsUpAsIndependentEvents) {
  const Impairment both = combine(kSlow, kLossy);
  EXPECT_EQ(both.delay, 107ms);
  EXPECT_EQ(both.jitter, 50ms) << "3, 4, 5";
  EXPECT_EQ(both.distribution, Distribution::uniform) << "of the wider";
  EXPECT_DOUBLE_EQ(both.loss, 0.55);
  EXPECT_EQ(both.burst, 4.0);
  EXPECT_NEAR(both.duplicate, 0.02, 1e-12);
  EXPECT_EQ(both.rate, Bandwidth{1'000'000});
}

TEST(Impairment, AddsUpInAnyOrderAndGrouping) {
  expect_same(combine(kSlow, kLossy), combine(kLossy, kSlow));
  expect_same(combine(combine(kSlow, kLossy), kOdd), combine(kSlow, combine(kLossy, kOdd)));
  for (const Impairment& each : {kSlow, kLossy, kOdd}) expect_same(combine(each, {}), each);
  EXPECT_TRUE(combine({}, {}).nothing());
}

TEST(Impairment, MovesOnAStraightLineBetweenItsEnds) {
  EXPECT_EQ(between(kSlow, kLossy, 0.0), kSlow);
  Impairment end = kLossy;
  end.distribution = kSlow.distribution;  // it does not move
  EXPECT_EQ(between(kSlow, kLossy, 1.0), end);
  const Impairment middle = between(kSlow, kLossy, 0.5);
  EXPECT_EQ(middle.delay, 53'500us);
  EXPECT_EQ(middle.jitter, 35ms);
  EXPECT_DOUBLE_EQ(middle.loss, 0.3);
  EXPECT_EQ(middle.rate, Bandwidth{3'000'000});
  EXPECT_EQ(between(kOdd, kLossy, 0.25).rate, kLossy.rate) << "only one has a rate";
}

struct Losses {
  double share = 0.0, mean_run = 0.0;
};

Losses simulate(const BurstModel& model, std::uint64_t packets) {
  Rng rng{20251020};
  std::uint64_t lost = 0, runs = 0;
  bool bad = false, before = false;
  for (std::uint64_t i = 0; i < packets; ++i) {
    lost += bad ? 1 : 0;
    runs += bad && !before ? 1 : 0;
    before = bad;
    if (rng.fraction() < (bad ? model.to_good : model.to_bad)) bad = !bad;
  }
  return {.share = static_cast<double>(lost) / static_cast<double>(packets),
          .mean_run = static_cast<double>(lost) / static_cast<double>(runs)};
}

TEST(Impairment, BurstsHaveTheirLossAndLengthInEquilibrium) {
  for (const auto& [loss, burst] : {std::pair{0.01, 8.0}, {0.1, 1.0}, {0.3, 3.0}, {0.5, 20.0}}) {
    const Losses got = simulate(burst_model(loss, burst), 4'000'000);
    EXPECT_NEAR(got.share / loss, 1.0, 0.04) << loss << " in bursts of " << burst;
    EXPECT_NEAR(got.mean_run / burst, 1.0, 0.15) << loss << " in bursts of " << burst;
  }
}

TEST(Impairment, BurstsOfAllOrNothingStayThere) {
  EXPECT_EQ(burst_model(0.0, 5.0).to_bad, 0.0);
  EXPECT_EQ(burst_model(1.0, 5.0).to_bad, 1.0);
  EXPECT_EQ(burst_model(1.0, 5.0).to_good, 0.0);
}

}  // namespace
}  // namespace blackstart
