// What becomes of packets, on virtual time: shares, bursts, rates and delays as asked.

#include "core/packet_fate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kSeed = 20251020;

bool is_lost(const Fate& fate) { return fate.kind == Fate::Kind::lost; }

// Packets of 1,000 bytes, one every 100 µs.
std::vector<Fate> fates_of(const Impairment& impairment, std::size_t count,
                           std::uint64_t seed = kSeed) {
  PacketFates fates{impairment, seed};
  std::vector<Fate> out;
  for (std::size_t i = 0; i < count; ++i) {
    out.push_back(fates.decide(RunTime{static_cast<std::int64_t>(i) * 100us}, 1'000));
  }
  return out;
}

template <class Predicate>
double share_of(const std::vector<Fate>& fates, Predicate predicate) {
  return static_cast<double>(std::ranges::count_if(fates, predicate)) /
         static_cast<double>(fates.size());
}

struct Runs {
  double share = 0.0, mean = 0.0;
};

Runs losses(const std::vector<Fate>& fates) {
  double lost = 0.0, runs = 0.0;
  for (std::size_t i = 0; i < fates.size(); ++i) {
    if (!is_lost(fates[i])) continue;
    lost += 1.0;
    if (i == 0 || !is_lost(fates[i - 1])) runs += 1.0;
  }
  return {lost / static_cast<double>(fates.size()), lost / runs};
}

TEST(PacketFates, WithoutAFaultEveryPacketPassesAtOnce) {
  PacketFates fates{{}, kSeed};
  for (int i = 0; i < 1'000; ++i) {
    const Fate fate = fates.decide(RunTime{i * 1us}, 65'000);
    EXPECT_EQ(fate.kind, Fate::Kind::passes);
    EXPECT_EQ(fate.due, RunTime{i * 1us});
    EXPECT_FALSE(fate.reordered || fate.duplicate || fate.corrupt);
  }
}

TEST(PacketFates, ALossOnItsOwnMayFollowAnotherByChance) {
  for (const double loss : {0.01, 0.1, 0.5, 0.9}) {
    const Runs runs = losses(fates_of({.loss = loss}, 60'000));
    EXPECT_NEAR(runs.share / loss, 1.0, 0.1) << loss;
    EXPECT_NEAR(runs.mean * (1.0 - loss), 1.0, 0.03) << loss;
  }
}

TEST(PacketFates, BurstsHaveTheirLossAndLength) {
  for (const auto& [loss, burst] : {std::pair{0.01, 8.0}, {0.1, 8.0}, {0.3, 3.0}, {0.5, 1.5}}) {
    const Runs runs = losses(fates_of({.loss = loss, .burst = burst}, 150'000));
    EXPECT_NEAR(runs.share / loss, 1.0, 0.2) << loss << " in bursts of " << burst;
    EXPECT_NEAR(runs.mean / burst, 1.0, 0.15) << loss << " in bursts of " << burst;
  }
}

TEST(PacketFates, LossKeepsItsShareWhereBurstsAreTooShortForIt) {
  EXPECT_NEAR(losses(fates_of({.loss = 0.9, .burst = 2.0}, 50'000)).share, 0.9, 0.005);
}

TEST(PacketFates, AllIsAllAndNothingIsNothing) {
  for (const double burst : {1.0, 8.0}) {
    EXPECT_EQ(share_of(fates_of({.loss = 1.0, .burst = burst}, 10'000), is_lost), 1.0);
    EXPECT_EQ(share_of(fates_of({.loss = 0.0, .burst = burst}, 10'000), is_lost), 0.0);
  }
}

TEST(PacketFates, OtherSharesAreAsAsked) {
  const auto fates = fates_of({.duplicate = 0.02, .reorder = 0.25, .corrupt = 0.01}, 60'000);
  EXPECT_NEAR(share_of(fates, [](const Fate& f) { return f.duplicate; }), 0.02, 0.002);
  EXPECT_NEAR(share_of(fates, [](const Fate& f) { return f.reordered; }), 0.25, 0.006);
  EXPECT_NEAR(share_of(fates, [](const Fate& f) { return f.corrupt; }), 0.01, 0.0015);
}

TEST(PacketFates, DelayIsExactWithoutJitterAndReorderedPacketsAreSparedIt) {
  const auto fates = fates_of({.delay = 800ms, .reorder = 0.25}, 10'000);
  for (std::size_t i = 0; i < fates.size(); ++i) {
    const RunTime came{static_cast<std::int64_t>(i) * 100us};
    EXPECT_EQ(fates[i].due - came, fates[i].reordered ? 0ms : 800ms);
  }
}

TEST(PacketFates, JitterSpreadsAroundTheDelayAndNeverIntoThePast) {
  for (const auto distribution : {Distribution::normal, Distribution::uniform}) {
    const auto fates =
        fates_of({.delay = 100ms, .jitter = 10ms, .distribution = distribution}, 40'000);
    double sum = 0.0;
    for (std::size_t i = 0; i < fates.size(); ++i) {
      sum += milliseconds_of(fates[i].due.since_start) - static_cast<double>(i) * 0.1;
    }
    EXPECT_NEAR(sum / static_cast<double>(fates.size()), 100.0, 0.2);
  }
  const auto wild = fates_of({.delay = 1ms, .jitter = 10ms}, 10'000);
  for (std::size_t i = 0; i < wild.size(); ++i) {
    EXPECT_GE(wild[i].due.since_start, static_cast<std::int64_t>(i) * 100us);
  }
}

// Offers twice what the link carries; sizes that no nanosecond divides.
TEST(PacketFates, ARateIsExactOverALongRunAndItsQueueIsBounded) {
  for (const std::uint64_t rate : {1'000'000ull, 50'000'000ull, 33'333'333'333ull}) {
    PacketFates fates{{.rate = Bandwidth{rate}}, kSeed};
    RunTime now, last;
    double passed = 0.0, first = 0.0;
    std::uint64_t dropped = 0;
    for (std::size_t i = 0; i < 40'000; ++i) {
      const std::size_t bytes = 41 + i * 37 % 1'460;
      const Fate fate = fates.decide(now, bytes);
      now = now + Duration{static_cast<std::int64_t>(bytes * 4'000'000'000 / rate)};
      if (fate.kind == Fate::Kind::overflowed) {
        ++dropped;
        continue;
      }
      EXPECT_GE(fate.due, last) << "overtook on a link without delay";
      last = fate.due;
      if (first == 0.0) first = seconds_of(last.since_start);
      passed += static_cast<double>(bytes);
      const double wait = seconds_of(fate.due - now) * static_cast<double>(rate) / 8.0;
      EXPECT_LE(wait, static_cast<double>(PacketFates::queue_bytes({rate})) + 1'501.0);
    }
    const double measured = passed * 8.0 / seconds_of(last.since_start);
    EXPECT_NEAR(measured / static_cast<double>(rate), 1.0, 1e-6) << rate;
    // The longest run fills the queue only at the slower rates.
    EXPECT_TRUE(rate > 100'000'000 || dropped > 10'000) << rate;
  }
}

TEST(PacketFates, ADuplicateTakesItsTimeOnTheLink) {
  PacketFates fates{{.duplicate = 1.0, .rate = Bandwidth{8'000'000}}, kSeed};
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 2ms);
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 4ms);
}

TEST(PacketFates, DelayComesAfterTheLink) {
  PacketFates fates{{.delay = 10ms, .rate = Bandwidth{8'000'000}}, kSeed};
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 11ms);
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 12ms);
}

const Impairment kEverything{.delay = 20ms,
                             .jitter = 5ms,
                             .loss = 0.2,
                             .burst = 3.0,
                             .duplicate = 0.1,
                             .reorder = 0.1,
                             .corrupt = 0.1,
                             .rate = Bandwidth{100'000'000}};

bool same(const Fate& a, const Fate& b) {
  return a.kind == b.kind && a.due == b.due && a.reordered == b.reordered &&
         a.duplicate == b.duplicate && a.corrupt == b.corrupt && a.luck == b.luck;
}

TEST(PacketFates, TheSameSeedHasTheSameSequence) {
  const auto one = fates_of(kEverything, 5'000), again = fates_of(kEverything, 5'000);
  const auto other = fates_of(kEverything, 5'000, kSeed + 1);
  EXPECT_TRUE(std::ranges::equal(one, again, same));
  EXPECT_FALSE(std::ranges::equal(one, other, same));
}

TEST(PacketFates, AChangeLeavesTheLuckOfOtherValuesAlone) {
  const auto plain = fates_of(kEverything, 5'000);
  PacketFates fates{kEverything, kSeed};
  Impairment changed = kEverything;
  changed.delay = 700ms;
  changed.jitter = 0ms;
  changed.reorder = 0.0;
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (i == 1'000) fates.change(changed);
    const Fate fate = fates.decide(RunTime{static_cast<std::int64_t>(i) * 100us}, 1'000);
    EXPECT_EQ(fate.kind, plain[i].kind);
    EXPECT_EQ(fate.duplicate, plain[i].duplicate);
    EXPECT_EQ(fate.luck, plain[i].luck);
  }
}

TEST(PacketFates, AChangeHoldsFromTheNextPacketOn) {
  PacketFates fates{{.loss = 1.0, .burst = 50.0}, kSeed};
  for (int i = 0; i < 10; ++i) EXPECT_EQ(fates.decide({}, 100).kind, Fate::Kind::lost);
  fates.change({.rate = Bandwidth{8'000'000}});
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 1ms);
  fates.change({.rate = Bandwidth{80'000'000}});
  EXPECT_EQ(fates.decide({}, 1'000).due.since_start, 1'100us) << "the first is still on the link";
  fates.change({});
  EXPECT_EQ(fates.decide(RunTime{5ms}, 1'000).due.since_start, 5ms);
}

}  // namespace
}  // namespace blackstart
