// Packets that wait in user space: never less than asked, none lost but by intention, and nothing
// left when whoever holds them dies.
// covers fault/packet_copies

#include "fault/packet_shaper.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "netlink/nfqueue.h"
#include "support/shaped_test.h"
#include "support/udp.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using netlink::NfQueue;
using netlink::NftOwner;
using test::Arrival;
using test::BulkFlow;
using test::is_bound;
using test::kCopiesMark;
using test::kQuiet;
using test::kShapedQueue;
using test::numbers;
using test::ShapedLink;
using test::StampedFlow;

constexpr std::uint64_t kSeed = 20251020;

class PacketShaperTest : public test::ShapedTest {};

// Datagrams that this namespace threw away for their checksum.
std::uint64_t checksum_errors() {
  std::ifstream file{"/proc/thread-self/net/snmp"};
  std::vector<std::string> names, values;
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("Udp:")) continue;
    std::istringstream words{line};
    auto& into = names.empty() ? names : values;
    for (std::string word; words >> word;) into.push_back(word);
  }
  for (std::size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    if (names[i] == "InCsumErrors") return std::stoull(values[i]);
  }
  throw std::runtime_error{"no InCsumErrors"};
}

bool has_thread(const std::string& name) {
  for (const auto& task : std::filesystem::directory_iterator{"/proc/self/task"}) {
    std::string called;
    std::getline(std::ifstream{task.path() / "comm"}, called);
    if (called == name) return true;
  }
  return false;
}

// One that still waits for its first turn would hold the first packets for as long.
TEST_F(PacketShaperTest, ItsThreadRunsBeforeAnyPacketCanCome) {
  for (int i = 0; i < 50; ++i) {
    const PacketShaper shaper{kCopiesMark};
    ASSERT_TRUE(has_thread("bs-shaper"));
  }
}

TEST_F(PacketShaperTest, HoldsPacketsForTheDelayAndNeverLess) {
  for (const bool v6 : {false, true}) {
    StampedFlow flow{*link_, v6};
    ASSERT_TRUE(flow.warm_up());
    for (const auto delay : {10ms, 100ms}) {
      PacketShaper shaper{kCopiesMark};
      shaper.set_class(kShapedQueue, {.delay = delay}, kSeed);
      begin();
      std::vector<Arrival> arrivals;
      for (int i = 0; i < 30; ++i) {
        flow.send(100);
        if (const auto arrival = flow.receive(3ms)) arrivals.push_back(*arrival);
      }
      std::ranges::move(flow.drain(kQuiet), std::back_inserter(arrivals));
      ASSERT_EQ(arrivals.size(), 30u);
      std::vector<Duration> took;
      for (const Arrival& arrival : arrivals) took.push_back(arrival.took);
      EXPECT_GE(*std::ranges::min_element(took), delay);
      std::ranges::nth_element(took, took.begin() + 15);
      EXPECT_LE(took[15], delay + 500ms) << "far beyond what a busy machine explains";
      const ShaperFigures figures = shaper.figures().at(kShapedQueue);
      EXPECT_EQ(figures.packets, 30u);
      EXPECT_EQ(figures.bytes, 30u * (v6 ? 148u : 128u));
      EXPECT_EQ(figures.delayed, 30u);
      EXPECT_EQ(figures.spread.count(), 30u);
      EXPECT_EQ(figures.asked, 30 * Duration{delay});
      EXPECT_GE(figures.least, delay);
      EXPECT_GE(figures.added, figures.asked);
      EXPECT_EQ(figures.lost + figures.overflowed + figures.missed, 0u);
      owner_.reset();
    }
  }
}

TEST_F(PacketShaperTest, TcpGoesThroughJitterUnharmed) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.delay = 10ms, .jitter = 3ms}, kSeed);
  begin();
  const MonotonicClock clock;
  BulkFlow bulk{*link_, 2};
  EXPECT_GE(clock.now().since_start, 10ms) << "a handshake needs what comes in";
  while (bulk.received() < 4'000'000 && clock.now().since_start < 20s) wait(10ms);
  EXPECT_GE(bulk.received(), 4'000'000u);
  EXPECT_TRUE(bulk.intact());
}

// The seed decides, so this is the same count each time; the interval says that it is 10 %.
TEST_F(PacketShaperTest, LosesItsShareAndNoMore) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.loss = 0.1}, kSeed);
  begin();
  constexpr int kSent = 4'000;
  std::size_t arrived = 0;
  for (int i = 0; i < kSent; ++i) {
    flow.send();
    if (i % 50 == 49) arrived += flow.drain(5ms).size();
  }
  arrived += flow.drain(kQuiet).size();
  EXPECT_NEAR(static_cast<double>(kSent - arrived), 400.0, 2.576 * 18.97) << "99 % of binomials";
  const ShaperFigures figures = shaper.figures().at(kShapedQueue);
  EXPECT_EQ(figures.packets, 4'000u);
  EXPECT_EQ(figures.lost, kSent - arrived);
}

// 1,448 of the 1,514 bytes of a full frame are what TCP carries. The best of a few: a machine
// that is busy elsewhere cannot fill the link.
TEST_F(PacketShaperTest, KeepsTheRate) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.rate = Bandwidth{50'000'000}}, kSeed);
  begin();
  const MonotonicClock clock;
  BulkFlow bulk{*link_, 1};
  wait(500ms);
  double best = 0.0;
  for (int attempt = 0; attempt < 5 && std::abs(best - 1.0) > 0.03; ++attempt) {
    const RunTime from = clock.now();
    const std::uint64_t before = bulk.received();
    wait(1'500ms);
    const auto carried = static_cast<double>(bulk.received() - before) * 8.0 * 1514.0 / 1448.0;
    const double share = carried / 50e6 / seconds_of(clock.now() - from);
    if (std::abs(share - 1.0) < std::abs(best - 1.0)) best = share;
  }
  EXPECT_NEAR(best, 1.0, 0.03);
}

TEST_F(PacketShaperTest, AChangeLosesNothing) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.delay = 100ms}, kSeed);
  begin();
  std::vector<Arrival> arrivals;
  for (int i = 0; i < 2'000; ++i) {
    if (i % 20 == 0) {
      Impairment next{.delay = std::chrono::milliseconds{i % 7 * 15}};
      if (i % 60 == 0) next.rate = Bandwidth{200'000'000};  // cut into segments, and not
      shaper.set_class(kShapedQueue, next, kSeed);
    }
    flow.send();
    if (i % 10 == 0) std::ranges::move(flow.drain(1ms), std::back_inserter(arrivals));
  }
  std::ranges::move(flow.drain(kQuiet), std::back_inserter(arrivals));
  EXPECT_EQ(arrivals.size(), 2'000u);
  EXPECT_EQ(numbers(arrivals).size(), 2'000u);
  EXPECT_EQ(shaper.figures().at(kShapedQueue).packets, 2'000u);
}

TEST_F(PacketShaperTest, ReorderedPacketsArriveAhead) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.delay = 300ms, .reorder = 0.25}, kSeed);
  begin();
  for (int i = 0; i < 100; ++i) flow.send();
  const auto arrivals = flow.drain(kQuiet);
  ASSERT_EQ(arrivals.size(), 100u);
  const auto figures = shaper.figures().at(kShapedQueue);
  EXPECT_GT(figures.reordered, 10u);
  EXPECT_EQ(figures.delayed, 100u - figures.reordered);
  EXPECT_EQ(std::ranges::count_if(arrivals, [](const Arrival& a) { return a.took >= 300ms; }),
            static_cast<std::ptrdiff_t>(figures.delayed));
}

TEST_F(PacketShaperTest, DuplicatesReachLocalReceivers) {
  for (const bool v6 : {false, true}) {
    StampedFlow flow{*link_, v6};
    ASSERT_TRUE(flow.warm_up());
    PacketShaper shaper{kCopiesMark};
    shaper.set_class(kShapedQueue, {.delay = 20ms, .duplicate = 1.0}, kSeed);
    begin();
    for (int i = 0; i < 50; ++i) flow.send(1'400);
    const auto arrivals = flow.drain(kQuiet);
    EXPECT_EQ(arrivals.size(), 100u);
    EXPECT_EQ(numbers(arrivals).size(), 50u);
    for (const Arrival& arrival : arrivals) EXPECT_GE(arrival.took, 20ms);
    EXPECT_EQ(shaper.figures().at(kShapedQueue).duplicated, 50u);
    owner_.reset();
  }
}

TEST_F(PacketShaperTest, AFlippedBitFailsTheReceiversChecksum) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.corrupt = 1.0}, kSeed);
  begin();
  const std::uint64_t before = checksum_errors();
  for (int i = 0; i < 50; ++i) flow.send();
  EXPECT_EQ(flow.drain(kQuiet).size(), 0u);
  EXPECT_EQ(shaper.figures().at(kShapedQueue).corrupted, 50u);
  // A flipped port or length is found out before the sum is.
  EXPECT_GE(checksum_errors() - before, 20u);
}

TEST_F(PacketShaperTest, TcpRepairsWhatIsCorruptedAndDuplicated) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  PacketShaper shaper{kCopiesMark};
  shaper.set_class(kShapedQueue, {.duplicate = 0.05, .corrupt = 0.01}, kSeed);
  begin();
  const MonotonicClock clock;
  BulkFlow bulk{*link_, 1};
  while (bulk.received() < 4'000'000 && clock.now().since_start < 20s) wait(10ms);
  EXPECT_GE(bulk.received(), 4'000'000u);
  EXPECT_TRUE(bulk.intact());
  const ShaperFigures figures = shaper.figures().at(kShapedQueue);
  EXPECT_GT(figures.corrupted, 0u);
  EXPECT_GT(figures.duplicated, 0u);
}

TEST_F(PacketShaperTest, WhenTheShaperGoesEverythingHeldPasses) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  begin();
  for (int round = 0; round < 10; ++round) {
    std::optional<PacketShaper> shaper{kCopiesMark};
    shaper->set_class(kShapedQueue, {.delay = 1h, .corrupt = round % 2 == 0 ? 0.5 : 0.0}, kSeed);
    for (int i = 0; i < 200; ++i) flow.send();
    const MonotonicClock clock;
    shaper.reset();
    EXPECT_LT(clock.now().since_start, 1s);
    for (int i = 0; i < 50; ++i) flow.send();
    EXPECT_EQ(flow.drain(kQuiet).size(), 250u) << "of 200 held and 50 that came too late";
    EXPECT_FALSE(is_bound(kShapedQueue));
  }
}

TEST_F(PacketShaperTest, ASecondBinderIsRefusedInWords) {
  const NfQueue taken{kShapedQueue, {}};
  PacketShaper shaper{kCopiesMark};
  try {
    shaper.set_class(kShapedQueue, {.delay = 1ms}, kSeed);
    FAIL() << "bound twice";
  } catch (const std::system_error& error) {
    EXPECT_NE(std::string{error.what()}.find("bind queue 7"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(shaper.figures().empty());
}

// Owns the rules and the shaper, as a run does.
pid_t fork_shaper(netlink::QueueTo::Via via) {
  std::array<int, 2> ends{};
  check("pipe2()", ::pipe2(ends.data(), O_CLOEXEC));
  const UniqueFd read_end{ends[0]}, write_end{ends[1]};
  const pid_t child = check("fork()", ::fork());
  if (child == 0) {
    PacketShaper shaper{kCopiesMark};
    shaper.set_class(kShapedQueue, {.delay = 700ms}, kSeed);
    NftOwner owner;
    owner.load(ShapedLink::rules(via));
    [[maybe_unused]] const ssize_t said = ::write(write_end.get(), "!", 1);
    for (;;) ::pause();
  }
  char ready = 0;
  check("read()", ::read(read_end.get(), &ready, 1));
  return child;
}

// The least of a few: what a busy machine adds is its own.
TEST_F(PacketShaperTest, AKilledShaperLeavesNothing) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  Duration least = 1h;
  for (int round = 0; round < 5; ++round) {
    const pid_t child = fork_shaper(via_);
    for (int i = 0; i < 100; ++i) flow.send();
    EXPECT_FALSE(flow.receive(20ms));
    const MonotonicClock clock;
    ::kill(child, SIGKILL);
    do {
      flow.send();
    } while (!flow.receive(1ms) && clock.now().since_start < 10s);
    least = std::min(least, clock.now().since_start);
    ::waitpid(child, nullptr, 0);
    flow.drain(20ms);
    EXPECT_FALSE(is_bound(kShapedQueue));
    EXPECT_EQ(shell("nft list ruleset").output, "");
    for (int i = 0; i < 20; ++i) flow.send();
    EXPECT_EQ(flow.drain(kQuiet).size(), 20u);
  }
  RecordProperty("first_packet_after_sigkill_us", std::to_string(least.count() / 1'000));
  EXPECT_LE(least, 50ms);
}

}  // namespace
}  // namespace blackstart
