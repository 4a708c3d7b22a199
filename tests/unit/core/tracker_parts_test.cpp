// The parts that recovery is measured with, and the memory that they take.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "blackstart/random.h"
#include "core/histogram.h"
#include "core/normal_window.h"
#include "core/recovery.h"
#include "core/sample_order.h"
#include "core/speed_watch.h"
#include "core/strip.h"
#include "support/scripted_service.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Reading reading(std::uint64_t seq, Outcome outcome = Outcome::ok, Duration latency = 2ms) {
  const RunTime due{static_cast<std::int64_t>(seq) * 100ms};
  return {.seq = seq, .due = due, .sent = due, .done = due + latency, .outcome = outcome};
}

std::vector<std::uint64_t> taken(SampleOrder& order) {
  std::vector<std::uint64_t> seqs;
  while (const auto next = order.take()) seqs.push_back(next->seq);
  return seqs;
}

TEST(Histogram, TellsEveryValueWithinItsBound) {
  Rng rng{7};
  for (int i = 0; i < 20'000; ++i) {
    const double exponent = rng.fraction() * 12.5;  // up to 52 minutes
    const Duration truth{static_cast<std::int64_t>(std::pow(10.0, exponent))};
    Histogram one;
    one.add(truth);
    one.add(1h);  // so that the largest does not give it away
    EXPECT_LE(std::chrono::abs(one.percentile(0.5) - truth), truth / 128 + 1us) << truth.count();
  }
}

TEST(Histogram, PercentilesAreOfTheNearestRank) {
  Histogram all;
  for (int i = 1; i <= 100; ++i) all.add(i * 1us);
  EXPECT_EQ(all.percentile(0.50), 50500ns);
  EXPECT_EQ(all.percentile(0.95), 95500ns);
  EXPECT_EQ(all.percentile(0.0), 1500ns);
  EXPECT_EQ(all.percentile(1.0), 100us) << "never more than the largest";
  EXPECT_EQ(all.summary().count, 100u);
  EXPECT_EQ(Histogram{}.percentile(0.5), 0ns);
}

TEST(Histogram, TwoMergedAreAsOneThatSawBoth) {
  Histogram odd, even, both;
  for (int i = 0; i < 1'000; ++i) {
    (i % 2 == 0 ? even : odd).add(i * i * 1us);
    both.add(i * i * 1us);
  }
  odd.merge(even);
  EXPECT_EQ(odd.count(), both.count());
  EXPECT_EQ(odd.most(), both.most());
  for (const double share : {0.1, 0.5, 0.95, 0.99}) {
    EXPECT_EQ(odd.percentile(share), both.percentile(share));
  }
}

TEST(Histogram, TakesNoMoreMemoryForWhateverItIsGiven) {
  Histogram all;
  all.add(Duration::max());
  all.add(-5s);
  EXPECT_LE(all.buckets(), 1'792u);
  EXPECT_EQ(all.most(), Duration::max());
  EXPECT_EQ(all.percentile(0.5), 500ns);
}

TEST(SampleOrder, HoldsBackWhatIsAheadOfItsTurn) {
  SampleOrder order{100ms, 1s};
  order.add(reading(1));
  EXPECT_THAT(taken(order), IsEmpty());
  order.add(reading(0));
  EXPECT_THAT(taken(order), ElementsAre(0, 1));
  EXPECT_EQ(order.complete_until(), RunTime{200ms});
}

TEST(SampleOrder, KnowsNothingBeforeTheFirstReading) {
  SampleOrder order{100ms, 1s};
  EXPECT_EQ(order.complete_until(), std::nullopt);
  order.add(reading(3));
  EXPECT_EQ(order.complete_until(), RunTime{0s});
}

TEST(SampleOrder, GivesUpAReadingWhoseTimeoutIsLongOver) {
  SampleOrder order{100ms, 1s};
  order.add(reading(1));
  for (std::uint64_t seq = 2; seq <= 20; ++seq) order.add(reading(seq));
  EXPECT_THAT(taken(order), IsEmpty()) << "it may take 2 s from 100 ms on";
  order.add(reading(21));
  EXPECT_EQ(taken(order).size(), 21u);
  order.add(reading(0));
  EXPECT_THAT(taken(order), IsEmpty()) << "too late";
}

TEST(SampleOrder, GivesUpAReadingThatMoreWaitForThanCanBeUnderWay) {
  SampleOrder order{100ms, 1s};
  for (std::uint64_t seq = 1; seq <= order.held_max(); ++seq) {
    Reading late = reading(seq);
    late.sent = late.done = {20s};
    order.add(late);
  }
  EXPECT_THAT(taken(order), IsEmpty());
  order.add(reading(order.held_max() + 1));
  EXPECT_FALSE(taken(order).empty());
}

TEST(SampleOrder, ReadingsThatComeTwiceCountOnce) {
  SampleOrder order{100ms, 1s};
  order.add(reading(0));
  order.add(reading(0));
  EXPECT_THAT(taken(order), ElementsAre(0));
  order.add(reading(0));
  EXPECT_THAT(taken(order), IsEmpty());
}

TEST(SampleOrder, HandsOutTheRestWhenItIsClosed) {
  SampleOrder order{100ms, 1s};
  order.add(reading(2));
  order.add(reading(4));
  order.close();
  EXPECT_THAT(taken(order), ElementsAre(2, 4));
}

TEST(NormalWindow, IsASecondOrFiveSamplesWide) {
  EXPECT_EQ((NormalWindow{10ms, Probability::certain()}.width()), 1s);
  EXPECT_EQ((NormalWindow{3s, Probability::certain()}.width()), 15s);
}

TEST(NormalWindow, ForgetsWhatWasDueOneWidthAgo) {
  NormalWindow window{100ms, Probability::certain()};
  EXPECT_FALSE(window.normal()) << "nothing is shown yet";
  window.add(reading(0, Outcome::failed));
  for (std::uint64_t seq = 1; seq < 10; ++seq) {
    window.add(reading(seq));
    EXPECT_FALSE(window.normal()) << seq;
  }
  window.add(reading(10));
  EXPECT_TRUE(window.normal());
  EXPECT_EQ(window.size(), 10u);
  EXPECT_EQ(window.first_good(), RunTime{100ms});
}

TEST(NormalWindow, IsNormalAtExactlyTheShareThatIsAsked) {
  NormalWindow window{100ms, *Probability::from_percent(90)};
  for (std::uint64_t seq = 0; seq < 10; ++seq) {
    window.add(reading(seq, seq == 4 ? Outcome::failed : Outcome::ok));
  }
  EXPECT_TRUE(window.normal());
  window.add(reading(10, Outcome::failed));
  EXPECT_FALSE(window.normal());
}

TEST(NormalWindow, AShareOfNothingStillRefusesWrongAnswers) {
  NormalWindow window{100ms, Probability{}};
  window.add(reading(0, Outcome::failed));
  EXPECT_TRUE(window.normal());
  EXPECT_EQ(window.first_good(), RunTime{0s});
  window.add(reading(1, Outcome::wrong));
  EXPECT_FALSE(window.normal());
}

TEST(SpeedWatch, ToleratesOneSlowSampleOfTwenty) {
  for (const int slow : {1, 2}) {
    SpeedWatch watch{2s};
    watch.restart({0s}, 5ms);
    for (std::uint64_t seq = 0; seq <= 20; ++seq) {
      const bool is_slow = seq >= 5 && seq < 5 + static_cast<std::uint64_t>(slow);
      watch.add(reading(seq, Outcome::ok, is_slow ? 9ms : 2ms), true, 1s);
    }
    EXPECT_EQ(watch.found().has_value(), slow == 1);
  }
}

TEST(SpeedWatch, KeepsOneHoldOfSamplesOnly) {
  SpeedWatch watch{2s};
  watch.restart({0s}, 5ms);
  for (std::uint64_t seq = 0; seq <= 10'000; ++seq) {
    watch.add(reading(seq, Outcome::ok, seq % 5 == 0 ? 9ms : 2ms), true, 1s);
    ASSERT_LE(watch.size(), 21u);
  }
  EXPECT_EQ(watch.found(), std::nullopt);
}

TEST(Strip, DoublesItsBinsRatherThanTheirNumber) {
  StripBuilder builder{100ms, 8};
  const test::ScriptedService service{.failing = {{4s, 5s}}};
  for (const ProbeSample& sample : service.samples(0, 100ms, 0s, 10s)) builder.add(sample);
  const Strip& strip = builder.strip();
  EXPECT_EQ(strip.width, 1600ms);
  ASSERT_EQ(strip.bins.size(), 7u);
  EXPECT_EQ(strip.bins[2].failed, 8u);
  EXPECT_EQ(strip.bins[2].ok, 8u);
  EXPECT_EQ(strip.bins[0].latency_most, 2ms);
  EXPECT_EQ(strip.bins[0].latency_mean(), 2ms);
  EXPECT_EQ(StripBin{}.latency_mean(), 0ms);
}

// The most that the tracker of a probe ever kept, in a run whose fault ends half-way.
std::size_t most_kept(Duration length) {
  RecoveryTracker tracker{{.every = 100ms, .timeout = 1s, .hold = 2s}};
  test::ScriptedService service{.failing = {{length / 4, length * 3 / 4}}};
  service.takes = [](Duration due, Outcome outcome) {
    return test::Taken{0ms, outcome == Outcome::failed ? 1s : 1ms + due % 7ms};
  };
  std::vector<RunEvent> events{test::edge(0, true, length / 4), test::edge(0, false, length / 2)};
  for (auto& sample : service.samples(0, 100ms, 0s, length)) events.push_back(std::move(sample));
  test::sort_as_known(events);
  std::size_t most = 0;
  for (const RunEvent& event : events) {
    if (const auto* sample = std::get_if<ProbeSample>(&event)) tracker.on_sample(*sample);
    if (const auto* edge = std::get_if<FaultEdge>(&event)) {
      tracker.on_faults(edge->on, edge->asked, edge->at);
    }
    most = std::max(most, tracker.kept());
  }
  return most;
}

TEST(RecoveryMemory, AnHourTakesWhatAMinuteDoes) {
  EXPECT_EQ(most_kept(1h), most_kept(1min));
  EXPECT_LE(most_kept(1min), 1'500u);
}

TEST(RecoveryMemory, APictureOfAnHourHasNoMoreBinsThanItMay) {
  StripBuilder strip{100ms};
  for (const auto& sample : test::ScriptedService{}.samples(0, 100ms, 0s, 1h)) strip.add(sample);
  EXPECT_LE(strip.strip().bins.size(), StripBuilder::kBinsMax);
}

}  // namespace
}  // namespace blackstart
