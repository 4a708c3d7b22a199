// covers toxic/latency

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>

#include "support/toxic_play.h"
#include "toxic/limits.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

TEST(Latency, DelaysDataAndTheEndBehindIt) {
  Play play{{a_toxic("latency", {200})}};
  play.push("0123456789");
  play.finish();
  play.run_until(199'999'999ns);
  EXPECT_EQ(play.arrivals, Arrivals{});
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, "0123456789"}}));
  EXPECT_EQ(play.ended, 200ms);
  EXPECT_EQ(play.link.end(), LinkEnd::closed);
}

TEST(Latency, DoesNotDelayAnEndWithoutData) {
  Play play{{a_toxic("latency", {200})}};
  play.run_until(50ms);
  play.finish();
  EXPECT_EQ(play.ended, 50ms);
}

TEST(Latency, KeepsTheSpacingOfMessages) {
  Play play{{a_toxic("latency", {300})}};
  Arrivals expected;
  for (int i = 0; i < 10; ++i) {
    play.push_at(20ms * i, std::string(1, static_cast<char>('0' + i)));
    expected.push_back({300ms + 20ms * i, std::string(1, static_cast<char>('0' + i))});
  }
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, expected);
}

TEST(Latency, AnUpdateLetsGoTheFirstAndCountsTheOthersFromTheirArrival) {
  Play play{{a_toxic("latency", {5000})}};
  play.push_at(0ms, "A");
  play.push_at(100ms, "B");
  play.run_until(200ms);
  play.update(a_toxic("latency", {1000}));
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, "A"}, {1100ms, "B"}}));
}

TEST(Latency, AnUpdateToLessThanWhatHasPassedLetsAllGoInOrder) {
  Play play{{a_toxic("latency", {5000})}};
  play.push_at(0ms, "A");
  play.push_at(100ms, "B");
  play.push_at(150ms, "C");
  play.run_until(200ms);
  play.update(a_toxic("latency", {60}));
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, "A"}, {200ms, "B"}, {210ms, "C"}}));
}

TEST(Latency, RemovedLetsGoAllInOrder) {
  Play play{{a_toxic("latency", {5000})}};
  play.push_at(0ms, "A");
  play.push_at(100ms, "B");
  play.run_until(200ms);
  play.remove("latency");
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, "A"}, {200ms, "B"}}));
  EXPECT_TRUE(play.link.passes_freely());
}

TEST(Latency, TwoAddUpForPipelinedMessages) {
  Play play{
      {named("first", a_toxic("latency", {100})), named("second", a_toxic("latency", {100}))}};
  for (const int at : {0, 50, 100, 150}) play.push_at(at * 1ms, std::to_string(at));
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, "0"}, {250ms, "50"}, {300ms, "100"}, {350ms, "150"}}));
}

TEST(Latency, JitterIsInWholeMillisecondsWithinItsBoundsAndKeepsTheOrder) {
  std::set<Duration> seen;
  Play play{{a_toxic("latency", {100, 10})}};
  for (int i = 0; i < 1000; ++i) play.push_at(100ms * i, std::to_string(i));
  play.run_until(200s);
  ASSERT_EQ(play.arrivals.size(), 1000u);
  for (int i = 0; i < 1000; ++i) {
    EXPECT_EQ(play.arrivals[static_cast<std::size_t>(i)].bytes, std::to_string(i));
    seen.insert(play.arrivals[static_cast<std::size_t>(i)].at - 100ms * i);
  }
  EXPECT_EQ(seen.size(), 20u);
  EXPECT_EQ(*seen.begin(), 90ms);
  EXPECT_EQ(*seen.rbegin(), 109ms);
}

TEST(Latency, JitterNeverLetsOneOvertakeAnother) {
  Play play{{a_toxic("latency", {100, 80})}};
  std::string sent;
  for (int i = 0; i < 500; ++i) {
    const std::string message = std::to_string(i) + ",";
    play.push_at(1ms * i, message);
    sent += message;
  }
  play.run_until(10s);
  EXPECT_EQ(play.all_bytes(), sent);
  Duration before{};
  int together = 0;
  for (const Arrival& arrival : play.arrivals) {
    EXPECT_GE(arrival.at, before);
    together += arrival.at == before ? 1 : 0;
    before = arrival.at;
  }
  EXPECT_GT(together, 100);  // waited for the one before
}

TEST(Latency, HoldsALotWithoutStallingTheSource) {
  Play play{{a_toxic("latency", {1000})}};
  for (std::size_t i = 0; i < limits::toxic_held_chunks_max; ++i) {
    ASSERT_TRUE(play.link.wants_more()) << i;
    play.push("x");
  }
  EXPECT_FALSE(play.link.wants_more());
  play.run_until(1s);
  EXPECT_TRUE(play.link.wants_more());
  EXPECT_EQ(play.all_bytes().size(), limits::toxic_held_chunks_max);
}

TEST(Latency, HoldsNoMoreThanItsBoundOfBytes) {
  Play play{{a_toxic("latency", {1000})}};
  const std::string chunk(limits::toxic_held_bytes_max / 8, 'x');
  int pushed = 0;
  for (; play.link.wants_more(); ++pushed) play.push(chunk);
  EXPECT_EQ(pushed, 8);
}

TEST(Latency, TwoShareTheBoundOfChunks) {
  Play play{
      {named("first", a_toxic("latency", {10})), named("second", a_toxic("latency", {60'000}))}};
  std::size_t pushed = 0;
  for (; play.link.wants_more(); ++pushed) {
    play.push("x");
    if (pushed == 600) play.run_until(20ms);
  }
  EXPECT_EQ(pushed, limits::toxic_held_chunks_max);
}

TEST(Latency, ManyPiecesWaitTheirTurnBeforeIt) {
  Play play{{a_toxic("slicer", {1, 0, 0}), a_toxic("latency", {100})}};
  const std::size_t most = limits::toxic_held_chunks_max;
  play.push(std::string(most * 2, 'x'));
  play.run_until(100ms);
  EXPECT_EQ(play.arrivals.size(), most);
  play.run_until(199'999'999ns);
  EXPECT_EQ(play.arrivals.size(), most);
  play.run_until(200ms);
  EXPECT_EQ(play.arrivals.size(), most * 2);
}

TEST(Latency, BelowZeroIsNoDelay) {
  Play play{{a_toxic("latency", {-100, 50})}};
  play.push("x");
  EXPECT_EQ(play.arrivals, (Arrivals{{0ms, "x"}}));
}

}  // namespace
}  // namespace blackstart::toxic
