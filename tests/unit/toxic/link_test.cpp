#include "toxic/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <limits>
#include <string>

#include "support/toxic_play.h"
#include "toxic/limits.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;

TEST(Link, WithoutToxicsPassesAllAtOnce) {
  Play play;
  EXPECT_TRUE(play.link.passes_freely());
  play.push_at(1s, "hello");
  EXPECT_EQ(play.arrivals, (Arrivals{{1s, "hello"}}));
  EXPECT_EQ(play.link.next_deadline(), std::nullopt);
  play.finish();
  EXPECT_EQ(play.ended, 1s);
  EXPECT_FALSE(play.link.passes_freely());
}

TEST(Link, PassesFreelyOnlyWhereNothingActsAndNothingWaits) {
  for (const char* kind : {"latency", "limit_data", "slow_close", "timeout", "half_open"}) {
    EXPECT_FALSE(Play{{a_toxic(kind, {100})}}.link.passes_freely()) << kind;
    EXPECT_TRUE((Play{{a_toxic(kind, {100}, 0)}}.link.passes_freely())) << kind;
  }
  Play play;
  play.reads = false;
  play.push("x");
  EXPECT_FALSE(play.link.passes_freely());
  play.link.out().drop(1);
  EXPECT_TRUE(play.link.passes_freely());
}

TEST(Link, LateTimersDoNotAddUp) {
  Play play{{a_toxic("bandwidth", {100}), a_toxic("latency", {100}), a_toxic("slow_close", {50})}};
  play.push(std::string(30'000, 'x'));
  play.finish();
  play.step_to(10s);
  EXPECT_EQ(play.arrivals, (Arrivals{{200ms, std::string(10'000, 'x')},
                                     {300ms, std::string(10'000, 'x')},
                                     {400ms, std::string(10'000, 'x')}}));
  EXPECT_EQ(play.ended, 10s);
}

TEST(Link, WhatWasDueBeforeAPushLeavesBeforeIt) {
  Play play{{a_toxic("latency", {100}), a_toxic("limit_time", {150})}};
  play.push("one");
  play.link.push({}, {500ms});  // nothing has looked at it since
  play.step_to(500ms);
  EXPECT_EQ(play.arrivals, (Arrivals{{100ms, "one"}}));
  EXPECT_EQ(play.link.end(), LinkEnd::closed);
}

TEST(Link, DrawsOnceAndKeepsIt) {
  int acted = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    Play play{{a_toxic("limit_data", {0}, 0.5F)}, seed};
    const bool acts = !play.link.acting().empty();
    acted += acts ? 1 : 0;
    play.update(a_toxic("limit_data", {1'000'000}, 0.5F));
    for (int i = 0; i < 5; ++i) play.push("x");
    EXPECT_EQ(play.link.passes_freely(), !acts);
    EXPECT_EQ(play.all_bytes(), "xxxxx");
  }
  EXPECT_NEAR(acted, 500, 60);
}

TEST(Link, TheSameSeedDrawsTheSameWhateverOthersAreDrawnFor) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto second_acts = [&](std::size_t messages) {
      Play play{{a_toxic("latency", {0, 5})}, seed};
      for (std::size_t i = 0; i < messages; ++i) play.push("x");
      play.add(a_toxic("timeout", {}, 0.5F));
      return play.link.acting().size() == 2;
    };
    EXPECT_EQ(second_acts(0), second_acts(17)) << seed;
  }
}

TEST(Link, ToxicityOutsideItsBoundsIsAllOrNone) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    EXPECT_TRUE((Play{{a_toxic("timeout", {}, -1)}, seed}.link.acting().empty()));
    EXPECT_TRUE((Play{{a_toxic("timeout", {}, 0)}, seed}.link.acting().empty()));
    EXPECT_THAT((Play{{a_toxic("timeout", {}, 1)}, seed}.link.acting()), ElementsAre("timeout"));
    EXPECT_THAT((Play{{a_toxic("timeout", {}, 7.5F)}, seed}.link.acting()), ElementsAre("timeout"));
  }
}

TEST(Link, AnUpdateOfToxicityDrawsAgainForThatToxicAlone) {
  int changed = 0, others_changed = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Play play{{a_toxic("latency", {1}, 0.5F), a_toxic("slow_close", {1}, 0.5F)}, seed};
    const auto has = [&](std::string_view name) {
      return std::ranges::count(play.link.acting(), name) == 1;
    };
    const bool latency = has("latency"), slow_close = has("slow_close");
    play.update(a_toxic("latency", {1}, 0.5F), true);
    changed += has("latency") != latency ? 1 : 0;
    others_changed += has("slow_close") != slow_close ? 1 : 0;
  }
  EXPECT_NEAR(changed, 100, 40);
  EXPECT_EQ(others_changed, 0);
}

TEST(Link, AToxicThatStopsActingLetsGoWhatItHeld) {
  Play play{{a_toxic("latency", {5000})}};
  play.push("one");
  play.finish();
  play.run_until(1s);
  play.update(a_toxic("latency", {5000}, 0), true);
  EXPECT_EQ(play.arrivals, (Arrivals{{1s, "one"}}));
  EXPECT_EQ(play.ended, 1s);
}

TEST(Link, AddedToxicsActOnWhatEarlierOnesStillHold) {
  Play play{{a_toxic("latency", {100})}};
  play.push("0123456789");
  play.finish();
  play.run_until(50ms);
  play.add(a_toxic("limit_data", {4}));
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, (Arrivals{{100ms, "0123"}}));
}

TEST(Link, WhatARemovedToxicHeldStaysBeforeWhatComesAndWaitsForRoom) {
  Play play{{a_toxic("latency", {5000}), named("cut", a_toxic("bandwidth", {0}))}};
  for (int i = 0; i < 8; ++i) play.push(std::string(20'000, static_cast<char>('0' + i)));
  play.remove("latency");
  play.add(named("latency", a_toxic("latency", {1})));  // a name is free at once
  EXPECT_EQ(play.link.held(), 160'000u);
  EXPECT_FALSE(play.link.wants_more());
  play.run_until(1s);
  play.push("last");
  play.remove("cut");
  play.run_until(2s);
  std::string expected;
  for (int i = 0; i < 8; ++i) expected += std::string(20'000, static_cast<char>('0' + i));
  EXPECT_EQ(play.all_bytes(), expected + "last");
}

TEST(Link, ChangesOfToxicsThatTheEndHasPassedAreNoMistake) {
  Play play{{a_toxic("timeout", {100}), a_toxic("latency", {1000})}};
  play.run_until(200ms);
  EXPECT_EQ(play.ended, 100ms);
  play.update(a_toxic("timeout", {50}), true);
  play.remove("timeout");
  play.remove("latency");
  play.add(a_toxic("reset_peer", {0}));
  play.push("late");
  play.finish();
  EXPECT_EQ(play.link.end(), LinkEnd::closed);
  EXPECT_EQ(play.arrivals, Arrivals{});
}

TEST(Link, ANonReadingOwnerStopsTheSourceAndChangesStillTakeEffect) {
  Play play{{a_toxic("latency", {10})}};
  play.reads = false;
  std::size_t pushed = 0;
  const std::string chunk(limits::toxic_chunk_bytes, 'x');
  for (int i = 0; i < 10'000; ++i) {
    play.run_until(1ms * i);
    if (!play.link.wants_more()) continue;
    play.push(chunk);
    pushed += chunk.size();
  }
  EXPECT_EQ(play.link.held(), pushed);
  EXPECT_LE(pushed, limits::toxic_unwritten_bytes + 11 * limits::toxic_chunk_bytes);
  play.add(a_toxic("bandwidth", {1}));
  play.update(a_toxic("latency", {0}));
  play.remove("latency");
  play.remove("bandwidth");
  EXPECT_EQ(play.link.held(), pushed);
  play.reads = true;
  play.step_to(20s);
  EXPECT_EQ(play.all_bytes().size(), pushed);
}

TEST(Link, AStallOfTheOwnerEarnsNoCredit) {
  Play play{{a_toxic("slicer", {1, 0, 0}), a_toxic("bandwidth", {1})}};
  play.reads = false;
  play.push(std::string(5'000, 'x'));
  play.run_until(2s);
  ChunkQueue& out = play.link.out();
  ASSERT_EQ(out.count(), limits::toxic_held_chunks_max);

  out.drop(out.bytes());  // and nobody has looked since
  play.link.advance({100s});
  EXPECT_EQ(out.bytes(), 1u);  // the one that was ready
  play.link.advance({100s + 10ms});
  EXPECT_EQ(out.bytes(), 11u);
}

TEST(Link, AToxicThatActsAgainActsOnAllThatIsStillHeld) {
  Play play{{a_toxic("limit_data", {1'000'000}), named("cut", a_toxic("bandwidth", {0}))}};
  for (int i = 0; i < 5; ++i) play.push(std::string(20'000, 'x'));
  play.update(a_toxic("limit_data", {1'000'000}, 0), true);
  play.update(a_toxic("limit_data", {7}, 1), true);
  EXPECT_EQ(play.link.held(), 80'007u);  // the cut had room for four
  play.remove("cut");
  EXPECT_EQ(play.all_bytes().size(), 80'007u);
  EXPECT_EQ(play.link.end(), LinkEnd::closed);
}

// Nothing can make a number out of what someone sends that breaks a process.
TEST(Link, EveryValueOfEveryAttributeIsSafe) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::int64_t values[] = {Limits::min(),
                                 Limits::min() + 1,
                                 -1'000'000,
                                 -1,
                                 0,
                                 1,
                                 2,
                                 1'000,
                                 9'300'000'000'000,
                                 92'000'000'000'000'000,
                                 4'700'000'000'000'000'000,
                                 Limits::max() - 1,
                                 Limits::max()};
  const std::string text(250, 'x');
  for (const Kind* kind : kinds()) {
    for (const std::int64_t first : values) {
      for (const std::int64_t second : values) {
        for (const std::int64_t third : {std::int64_t{0}, Limits::min(), Limits::max()}) {
          if (third != 0 && kind->attributes.size() < 3) continue;
          const Values all{first, second, third};
          Play play{{a_toxic(kind->name, all), named("behind", a_toxic("latency", {1}))}};
          play.push(text);
          play.run_until(1s);
          play.update(a_toxic(kind->name, {second, first, third}));
          play.push(text);
          play.run_until(2s);
          play.finish();
          play.run_until(24h);
          play.remove(kind->name);
          play.run_until(25h);
          EXPECT_NE(play.link.end(), LinkEnd::open);
          EXPECT_LE(play.all_bytes().size(), 2 * text.size());
        }
      }
    }
  }
}

}  // namespace
}  // namespace blackstart::toxic
