// covers toxic/limit_data, toxic/reset_peer, toxic/slow_close, toxic/timeout

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/toxic_play.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

TEST(SlowClose, PassesDataAndPutsOffTheEnd) {
  Play play{{a_toxic("slow_close", {700})}};
  play.push("data");
  play.finish();
  EXPECT_EQ(play.arrivals, (Arrivals{{0ms, "data"}}));
  EXPECT_EQ(play.link.next_deadline(), RunTime{700ms});
  play.run_until(10s);
  EXPECT_EQ(play.ended, 700ms);
}

TEST(SlowClose, CountsFromTheLastByteDelivered) {
  Play play{{a_toxic("latency", {300}), a_toxic("slow_close", {700})}};
  play.push("data");
  play.finish();
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{300ms, "data"}}));
  EXPECT_EQ(play.ended, 1000ms);
}

TEST(SlowClose, AnUpdateStartsTheWaitAgain) {
  Play play{{a_toxic("slow_close", {3000})}};
  play.finish();
  play.run_until(500ms);
  play.update(a_toxic("slow_close", {400}));
  play.run_until(10s);
  EXPECT_EQ(play.ended, 900ms);
}

TEST(SlowClose, RemovedClosesAtOnce) {
  Play play{{a_toxic("slow_close", {3000})}};
  play.finish();
  play.run_until(500ms);
  play.remove("slow_close");
  EXPECT_EQ(play.ended, 500ms);
}

TEST(Timeout, ClosesAfterASilence) {
  Play play{{a_toxic("timeout", {500})}};
  play.run_until(10s);
  EXPECT_EQ(play.ended, 500ms);
  EXPECT_EQ(play.link.end(), LinkEnd::closed);
}

TEST(Timeout, CutsWhereAnEndOfTheSourceOrALimitOfBytesDoesNot) {
  Play timed{{a_toxic("timeout", {500}), a_toxic("bandwidth", {0})}};
  timed.run_until(499ms);
  EXPECT_FALSE(timed.link.is_cut());
  timed.run_until(500ms);
  EXPECT_TRUE(timed.link.is_cut());

  Play removed{{a_toxic("timeout")}};
  removed.remove("timeout");
  EXPECT_TRUE(removed.link.is_cut());

  Play orderly{{a_toxic("limit_data", {4}), a_toxic("timeout", {500})}};
  orderly.push("limit");
  orderly.finish();
  EXPECT_EQ(orderly.ended, 0ms);
  EXPECT_FALSE(orderly.link.is_cut());
}

TEST(Timeout, EveryDroppedPieceStartsItAgain) {
  Play play{{a_toxic("timeout", {500})}};
  for (int i = 0; i < 10; ++i) play.push_at(200ms * i, "x");
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, Arrivals{});
  EXPECT_EQ(play.ended, 2300ms);
}

TEST(Timeout, CountsFromWhenItWasAddedOrUpdated) {
  Play play;
  play.run_until(1s);
  play.add(a_toxic("timeout", {500}));
  play.run_until(1400ms);
  play.update(a_toxic("timeout", {300}));
  play.run_until(10s);
  EXPECT_EQ(play.ended, 1700ms);
}

TEST(Timeout, TheEndOfTheSourceClosesAtOnce) {
  Play play{{a_toxic("timeout", {500})}};
  play.push("lost");
  play.finish();
  EXPECT_EQ(play.ended, 0ms);
  EXPECT_EQ(play.arrivals, Arrivals{});
}

TEST(Timeout, OfZeroNeverCloses) {
  Play play{{a_toxic("timeout", {0})}};
  play.push("lost");
  play.run_until(24h);
  EXPECT_EQ(play.ended, std::nullopt);
  EXPECT_EQ(play.link.next_deadline(), std::nullopt);
  EXPECT_TRUE(play.link.wants_more());
}

TEST(Timeout, RemovedCloses) {
  for (const float toxicity : {1.F, 0.F}) {
    Play play{{a_toxic("timeout", {0}, toxicity)}};
    play.run_until(1s);
    play.remove("timeout");
    EXPECT_EQ(play.ended, 1s) << toxicity;
    EXPECT_EQ(play.link.end(), LinkEnd::closed);
  }
}

TEST(Timeout, ToxicityOfZeroLetsLaterBytesThrough) {
  Play play{{a_toxic("timeout", {500})}};
  play.push("lost");
  play.run_until(100ms);
  play.update(a_toxic("timeout", {500}, 0), true);
  play.push("seen");
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{100ms, "seen"}}));
  EXPECT_EQ(play.ended, std::nullopt);
}

TEST(Timeout, WhatIsOnItsWayBehindItArrivesBeforeTheClose) {
  Play play{{a_toxic("latency", {1000})}};
  play.push("early");
  play.run_until(100ms);
  play.add(a_toxic("timeout", {200}));
  play.add(named("late", a_toxic("latency", {50})));
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, Arrivals{});  // it came to the timeout after that had closed
  EXPECT_EQ(play.ended, 300ms);

  Play other{{a_toxic("timeout", {200}), a_toxic("latency", {1000})}};
  other.update(a_toxic("timeout", {200}, 0), true);
  other.push("early");
  other.update(a_toxic("timeout", {200}, 1), true);
  other.run_until(10s);
  EXPECT_EQ(other.arrivals, (Arrivals{{1000ms, "early"}}));
  EXPECT_EQ(other.ended, 1000ms);
}

TEST(ResetPeer, ResetsAfterTheFirstData) {
  Play play{{a_toxic("reset_peer", {600})}};
  play.push_at(100ms, "dropped");
  EXPECT_FALSE(play.link.wants_more());
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, Arrivals{});
  EXPECT_EQ(play.ended, 700ms);
  EXPECT_EQ(play.link.end(), LinkEnd::reset);
}

TEST(ResetPeer, ResetsAfterTheEnd) {
  Play play{{a_toxic("reset_peer", {0})}};
  play.run_until(100ms);
  play.finish();
  EXPECT_EQ(play.ended, 100ms);
  EXPECT_EQ(play.link.end(), LinkEnd::reset);
}

TEST(ResetPeer, DoesNothingInSilence) {
  Play play{{a_toxic("reset_peer", {600})}};
  play.run_until(24h);
  EXPECT_EQ(play.ended, std::nullopt);
}

TEST(ResetPeer, DropsWhatWaitsToBeWritten) {
  Play play;
  play.reads = false;
  play.push("unread");
  play.add(a_toxic("reset_peer", {0}));
  play.push("x");
  EXPECT_EQ(play.link.end(), LinkEnd::reset);
  EXPECT_TRUE(play.link.out().empty());
  EXPECT_EQ(play.link.held(), 0u);
}

TEST(ResetPeer, AnUpdateStartsTheWaitAgain) {
  Play play{{a_toxic("reset_peer", {600})}};
  play.push("x");
  play.run_until(500ms);
  play.update(a_toxic("reset_peer", {200}));
  play.run_until(10s);
  EXPECT_EQ(play.ended, 700ms);
}

TEST(ResetPeer, RemovedInItsWaitLosesNothing) {
  Play play{{a_toxic("reset_peer", {600})}};
  play.push("x");
  play.run_until(500ms);
  play.remove("reset_peer");
  EXPECT_EQ(play.arrivals, (Arrivals{{500ms, "x"}}));
  EXPECT_TRUE(play.link.passes_freely());
}

TEST(LimitData, PassesExactlySoManyBytesAndCloses) {
  Play play{{a_toxic("limit_data", {100})}};
  for (int i = 0; i < 4; ++i) play.push_at(10ms * i, std::string(30, 'x'));
  EXPECT_EQ(play.arrivals, (Arrivals{{0ms, std::string(30, 'x')},
                                     {10ms, std::string(30, 'x')},
                                     {20ms, std::string(30, 'x')},
                                     {30ms, std::string(10, 'x')}}));
  EXPECT_EQ(play.ended, 30ms);
  EXPECT_FALSE(play.link.wants_more());
}

TEST(LimitData, ClosesRightAfterTheLastByteAllowed) {
  Play play{{a_toxic("limit_data", {4})}};
  play.push("four");
  EXPECT_EQ(play.arrivals, (Arrivals{{0ms, "four"}}));
  EXPECT_EQ(play.ended, 0ms);
}

TEST(LimitData, OfZeroOrLessClosesOnTheFirstData) {
  for (const std::int64_t bytes : {0, -5}) {
    Play play{{a_toxic("limit_data", {bytes})}};
    play.run_until(1s);
    EXPECT_EQ(play.ended, std::nullopt);
    play.push("x");
    EXPECT_EQ(play.ended, 1s);
    EXPECT_EQ(play.arrivals, Arrivals{});
  }
}

TEST(LimitData, TheEndOfTheSourceClosesAsEver) {
  Play play{{a_toxic("limit_data", {100})}};
  play.push("x");
  play.finish();
  EXPECT_EQ(play.ended, 0ms);
  EXPECT_EQ(play.all_bytes(), "x");
}

TEST(LimitData, ItsCloseWaitsBehindDelayedData) {
  Play play{{a_toxic("limit_data", {5}), a_toxic("latency", {300})}};
  play.push("0123456789");
  play.push("more");
  play.run_until(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{300ms, "01234"}}));
  EXPECT_EQ(play.ended, 300ms);
}

TEST(LimitData, TheCountSurvivesUpdatesAndCountsFromItsComing) {
  Play play;
  play.push("before");
  play.add(a_toxic("limit_data", {100}));
  play.push("1234");
  play.update(a_toxic("limit_data", {6}));
  play.push("5678");
  EXPECT_EQ(play.all_bytes(), "before123456");
  EXPECT_TRUE(play.ended);
}

TEST(LimitData, ALimitAlreadyExceededClosesAtTheNextData) {
  Play play{{a_toxic("limit_data", {100})}};
  play.push("0123456789");
  play.update(a_toxic("limit_data", {5}));
  play.run_until(1s);
  EXPECT_EQ(play.ended, std::nullopt);
  play.push("x");
  EXPECT_EQ(play.ended, 1s);
  EXPECT_EQ(play.all_bytes(), "0123456789");
}

TEST(LimitData, RemovedJustStopsCounting) {
  Play play{{a_toxic("limit_data", {5})}};
  play.push("0123");
  play.remove("limit_data");
  play.push("456789");
  EXPECT_EQ(play.all_bytes(), "0123456789");
  EXPECT_EQ(play.ended, std::nullopt);
}

}  // namespace
}  // namespace blackstart::toxic
