// covers toxic/corrupt, toxic/half_open, toxic/limit_time, toxic/slow_open

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/toxic_play.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

TEST(SlowOpen, HoldsAllUntilTheConnectionIsThatOld) {
  Play play{{a_toxic("slow_open", {500})}};
  play.push_at(100ms, "one");
  play.push("two");
  play.run_until(499'999'999ns);
  EXPECT_EQ(play.arrivals, Arrivals{});
  play.push_at(700ms, "three");
  EXPECT_EQ(play.arrivals, (Arrivals{{500ms, "one"}, {500ms, "two"}, {700ms, "three"}}));
}

TEST(SlowOpen, HoldsTheEndAsWell) {
  Play play{{a_toxic("slow_open", {500})}};
  play.finish();
  play.run_until(1s);
  EXPECT_EQ(play.ended, 500ms);
}

TEST(SlowOpen, ConcernsNoConnectionThatIsOlder) {
  Play play;
  play.run_until(1s);
  play.add(a_toxic("slow_open", {500}));
  play.push("x");
  EXPECT_EQ(play.arrivals, (Arrivals{{1s, "x"}}));
}

TEST(SlowOpen, AnUpdateMovesTheInstant) {
  Play play{{a_toxic("slow_open", {500})}};
  play.push("x");
  play.run_until(400ms);
  play.update(a_toxic("slow_open", {800}));
  play.run_until(600ms);
  EXPECT_EQ(play.arrivals, Arrivals{});
  play.update(a_toxic("slow_open", {550}));
  EXPECT_EQ(play.arrivals, (Arrivals{{600ms, "x"}}));
}

TEST(Corrupt, ChangesAboutSoManyBytesAndNoLength) {
  const std::string sent(100'000, 'x');
  for (const std::int64_t share : {10'000, 500'000}) {
    Play play{{a_toxic("corrupt", {share})}};
    play.push(sent);
    const std::string seen = play.all_bytes();
    ASSERT_EQ(seen.size(), sent.size());
    const auto changed = std::ranges::count_if(seen, [](char c) { return c != 'x'; });
    const double expected = static_cast<double>(share) / 10;
    EXPECT_NEAR(static_cast<double>(changed), expected, expected / 10) << share;
  }
}

TEST(Corrupt, NoneAtZeroAndEveryOneAtAMillion) {
  const std::string sent(10'000, 'x');
  Play none{{a_toxic("corrupt", {0})}}, all{{a_toxic("corrupt", {1'000'000})}};
  none.push(sent);
  all.push(sent);
  EXPECT_EQ(none.all_bytes(), sent);
  EXPECT_EQ(std::ranges::count(all.all_bytes(), 'x'), 0);
}

TEST(Corrupt, IsTheSameForTheSameSeed) {
  const auto seen = [](std::uint64_t seed) {
    Play play{{a_toxic("corrupt", {100'000})}, seed};
    play.push(std::string(1000, 'x'));
    return play.all_bytes();
  };
  EXPECT_EQ(seen(7), seen(7));
  EXPECT_NE(seen(7), seen(8));
}

TEST(LimitTime, ClosesThenAndPassesDataBefore) {
  Play play{{a_toxic("limit_time", {300})}};
  play.push_at(100ms, "one");
  play.push_at(299ms, "two");
  play.push_at(301ms, "late");
  EXPECT_EQ(play.arrivals, (Arrivals{{100ms, "one"}, {299ms, "two"}}));
  EXPECT_EQ(play.ended, 300ms);
}

TEST(LimitTime, WhatComesAtThatVeryInstantComesTooLate) {
  Play play{{a_toxic("latency", {300}), a_toxic("limit_time", {300})}};
  play.push("x");
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, Arrivals{});
  EXPECT_EQ(play.ended, 300ms);
}

TEST(LimitTime, CountsFromItsComingAndSurvivesUpdates) {
  Play play;
  play.run_until(1s);
  play.add(a_toxic("limit_time", {300}));
  play.run_until(1200ms);
  play.update(a_toxic("limit_time", {500}));
  play.run_until(10s);
  EXPECT_EQ(play.ended, 1500ms);
}

TEST(LimitTime, ClosesAlsoWhereDataIsStuckBehindIt) {
  Play play{{a_toxic("limit_time", {300}), a_toxic("bandwidth", {1})}};
  for (int i = 0; i < 20; ++i) play.push(std::string(10'000, 'x'));
  play.run_until(400ms);
  EXPECT_EQ(play.all_bytes().size(), 400u);
  EXPECT_FALSE(play.link.wants_more());
  play.remove("bandwidth");
  EXPECT_EQ(play.ended, 400ms);
  EXPECT_LT(play.all_bytes().size(), 200'000u);  // what had not reached the rate limit is gone
}

TEST(HalfOpen, SwallowsDataAndEnd) {
  Play play{{a_toxic("half_open")}};
  play.push("lost");
  EXPECT_TRUE(play.link.wants_more());
  play.finish();
  play.run_until(24h);
  EXPECT_EQ(play.arrivals, Arrivals{});
  EXPECT_EQ(play.ended, std::nullopt);
  EXPECT_EQ(play.link.next_deadline(), std::nullopt);
}

TEST(HalfOpen, RemovedClosesThoseThatItActedOn) {
  Play acted{{a_toxic("half_open")}}, spared{{a_toxic("half_open", {}, 0)}};
  acted.run_until(1s);
  acted.remove("half_open");
  EXPECT_EQ(acted.ended, 1s);
  spared.remove("half_open");
  EXPECT_EQ(spared.ended, std::nullopt);
  EXPECT_TRUE(spared.link.passes_freely());
}

TEST(HalfOpen, AnUpdateChangesNothingButToxicityOfZeroLetsTheEndThrough) {
  Play play{{a_toxic("half_open")}};
  play.finish();
  play.update(a_toxic("half_open"));
  EXPECT_EQ(play.ended, std::nullopt);
  play.update(a_toxic("half_open", {}, 0), true);
  EXPECT_EQ(play.ended, 0ms);
}

}  // namespace
}  // namespace blackstart::toxic
