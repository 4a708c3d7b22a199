#include "probe/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr RunTime kStart{2s};

TEST(ProbeSchedule, HasNothingDueBeforeItsStart) {
  const std::vector<Duration> intervals{100ms};
  ProbeSchedule schedule{intervals, kStart};
  EXPECT_EQ(schedule.next(), kStart);
  EXPECT_FALSE(schedule.take(kStart - 1ns));
  EXPECT_EQ(schedule.take(kStart), (DueSample{0, 0, kStart}));
  EXPECT_EQ(schedule.next(), kStart + 100ms);
}

TEST(ProbeSchedule, NeverEndsAndIsEmptyWithoutProbes) {
  ProbeSchedule schedule{{}, kStart};
  EXPECT_FALSE(schedule.next());
  EXPECT_FALSE(schedule.take(kStart + 1h));
}

TEST(ProbeSchedule, HandsOutEverySampleOnceInTheOrderOfTheirTimes) {
  const std::vector<Duration> intervals{100ms, 30ms, 70ms};
  ProbeSchedule schedule{intervals, kStart};
  std::vector<std::uint64_t> next(intervals.size());
  RunTime last = kStart;
  while (const auto due = schedule.take(kStart + 10s)) {
    EXPECT_GE(due->at, last);
    last = due->at;
    EXPECT_EQ(due->seq, next[due->probe]++);
    const Duration every = intervals[due->probe];
    EXPECT_EQ(due->at,
              kStart + phase_of(due->probe, every) + static_cast<std::int64_t>(due->seq) * every);
  }
  EXPECT_EQ(next[0], 101U);
  EXPECT_EQ(next[1], 333U);
  EXPECT_EQ(next[2], 143U);
}

TEST(ProbeSchedule, KeepsItsTimesHoweverLateItIsAsked) {
  const std::vector<Duration> intervals{100ms};
  ProbeSchedule schedule{intervals, kStart};
  EXPECT_EQ(schedule.take(kStart + 950ms)->at, kStart);
  EXPECT_EQ(schedule.take(kStart + 950ms)->at, kStart + 100ms);
}

TEST(ProbeSchedule, GivesTheLowerProbeFirstAtTheSameTime) {
  const std::vector<Duration> intervals{1us, 1us};  // too short for a phase
  ProbeSchedule schedule{intervals, kStart};
  EXPECT_EQ(schedule.take(kStart)->probe, 0U);
  EXPECT_EQ(schedule.take(kStart)->probe, 1U);
}

TEST(PhaseOf, IsZeroForTheFirstAndLessThanTheInterval) {
  EXPECT_EQ(phase_of(0, 100ms), 0ns);
  for (std::size_t index = 0; index < 1000; ++index) {
    EXPECT_GE(phase_of(index, 100ms), 0ns);
    EXPECT_LT(phase_of(index, 100ms), 100ms);
  }
}

TEST(PhaseOf, SpreadsTwoHundredProbesOverTheirInterval) {
  std::vector<Duration> phases;
  for (std::size_t index = 0; index < 200; ++index) phases.push_back(phase_of(index, 100ms));
  std::ranges::sort(phases);
  for (std::size_t i = 1; i < phases.size(); ++i) {
    EXPECT_GT(phases[i] - phases[i - 1], 150us);  // evenly spread they would be 500 us apart
    EXPECT_LT(phases[i] - phases[i - 1], 1ms);
  }
}

}  // namespace
}  // namespace blackstart
