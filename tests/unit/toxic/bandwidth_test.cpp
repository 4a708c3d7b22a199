// covers toxic/bandwidth

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/toxic_play.h"
#include "toxic/limits.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

struct Step {
  Duration at;
  std::size_t size;
  bool operator==(const Step&) const = default;
};

void PrintTo(const Step& step, std::ostream* out) {
  *out << step.at.count() << " ns: " << step.size;
}

std::vector<Step> steps_of(const Play& play) {
  std::vector<Step> steps;
  for (const Arrival& arrival : play.arrivals) steps.push_back({arrival.at, arrival.bytes.size()});
  return steps;
}

TEST(Bandwidth, PassesATenthOfASecondsWorthAtATime) {
  Play play{{a_toxic("bandwidth", {50})}};
  play.push(std::string(100'000, 'x'));
  play.run_until(10s);
  std::vector<Step> expected;
  for (int i = 1; i <= 20; ++i) expected.push_back({100ms * i, 5000});
  EXPECT_EQ(steps_of(play), expected);
}

TEST(Bandwidth, TheRemainderTakesItsOwnShare) {
  Play play{{a_toxic("bandwidth", {1})}};
  play.push(std::string(350, 'x'));
  play.finish();
  play.run_until(10s);
  EXPECT_EQ(steps_of(play),
            (std::vector<Step>{{100ms, 100}, {200ms, 100}, {300ms, 100}, {350ms, 50}}));
  EXPECT_EQ(play.ended, 350ms);
}

TEST(Bandwidth, IdleTimeEarnsNoCredit) {
  Play play{{a_toxic("bandwidth", {100})}};
  play.push(std::string(10'000, 'x'));
  play.run_until(1200ms);
  play.push(std::string(30'000, 'x'));
  play.run_until(10s);
  EXPECT_EQ(
      steps_of(play),
      (std::vector<Step>{{100ms, 10'000}, {1300ms, 10'000}, {1400ms, 10'000}, {1500ms, 10'000}}));
}

TEST(Bandwidth, AtZeroNothingPassesUntilTheRateIsRaised) {
  Play play{{a_toxic("bandwidth", {0})}};
  play.push("held");
  play.finish();
  play.run_until(2s);
  EXPECT_EQ(play.arrivals, Arrivals{});
  EXPECT_EQ(play.ended, std::nullopt);
  EXPECT_EQ(play.link.next_deadline(), std::nullopt);
  play.update(a_toxic("bandwidth", {10}));
  EXPECT_EQ(play.arrivals, (Arrivals{{2s, "held"}}));
  EXPECT_EQ(play.ended, 2s);
}

TEST(Bandwidth, AtZeroAnEndWithoutDataPasses) {
  Play play{{a_toxic("bandwidth", {0})}};
  play.run_until(1s);
  play.finish();
  EXPECT_EQ(play.ended, 1s);
}

TEST(Bandwidth, AnUpdateLetsGoTheRestOfTheChunkAndNoMore) {
  Play play{{a_toxic("bandwidth", {10})}};
  play.push(std::string(5'000, 'x'));
  play.push(std::string(500, 'y'));
  play.run_until(250ms);
  play.update(a_toxic("bandwidth", {1}));
  play.run_until(10s);
  EXPECT_EQ(steps_of(play), (std::vector<Step>{{100ms, 1000},
                                               {200ms, 1000},
                                               {250ms, 3000},
                                               {350ms, 100},
                                               {450ms, 100},
                                               {550ms, 100},
                                               {650ms, 100},
                                               {750ms, 100}}));
}

TEST(Bandwidth, RemovedLetsGoAll) {
  Play play{{a_toxic("bandwidth", {0})}};
  play.push("one");
  play.push("two");
  play.run_until(2s);
  play.remove("bandwidth");
  EXPECT_EQ(play.arrivals, (Arrivals{{2s, "one"}, {2s, "two"}}));
}

TEST(Bandwidth, BelowZeroIsZero) {
  Play play{{a_toxic("bandwidth", {-5})}};
  play.push("held");
  play.run_until(1h);
  EXPECT_EQ(play.arrivals, Arrivals{});
}

// A source that always has more, and an owner who looks every `late`.
Duration time_for(std::size_t bytes, std::int64_t rate, Duration late) {
  Play play{{a_toxic("bandwidth", {rate})}};
  const std::string chunk(limits::toxic_chunk_bytes, 'x');
  std::size_t sent = 0, next_arrival = 0, arrived = 0;
  for (Duration now{}; arrived < bytes; now += late) {
    play.step_to(now);
    while (play.link.wants_more()) {
      play.push(chunk);
      sent += chunk.size();
    }
    EXPECT_LE(sent - arrived, limits::toxic_ahead_bytes_max * 2 + limits::toxic_unwritten_bytes);
    for (; next_arrival < play.arrivals.size(); ++next_arrival) {
      arrived += play.arrivals[next_arrival].bytes.size();
    }
  }
  std::size_t counted = 0;
  for (const Arrival& arrival : play.arrivals) {
    counted += arrival.bytes.size();
    if (counted >= bytes) return arrival.at;
  }
  return {};
}

TEST(Bandwidth, IsExactHoweverLateTimersAre) {
  const std::size_t chunk = limits::toxic_chunk_bytes;
  for (const std::int64_t rate : {100, 1'000, 10'000, 100'000, 333'333, 1'000'000}) {
    const std::size_t chunks = static_cast<std::size_t>(rate) / 2'000 + 1;  // for 16 ms or more
    const double exact = static_cast<double>(chunks * chunk) * 1e6 / static_cast<double>(rate);
    const Duration taken = time_for(chunks * chunk, rate, 1ms);
    EXPECT_NEAR(static_cast<double>(taken.count()), exact, 1) << rate;
  }
}

}  // namespace
}  // namespace blackstart::toxic
