// covers toxic/link
// Any sequence of pushes, waits and changes, on many seeds.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "support/toxic_play.h"
#include "toxic/limits.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

constexpr int kSeeds = 100;

constexpr std::array<std::string_view, 6> kHarmless{"latency", "bandwidth", "slow_close",
                                                    "slicer",  "slow_open", "noop"};

// What a stream has there.
std::string_view pattern_from(std::size_t at, std::size_t size) {
  constexpr std::size_t kPeriod = 251;
  static const std::string all = [] {
    std::string bytes(kPeriod + limits::toxic_chunk_bytes, ' ');
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i % kPeriod);
    return bytes;
  }();
  return std::string_view{all}.substr(at % kPeriod, size);
}

class RandomPlay {
 public:
  RandomPlay(std::uint64_t seed, bool destructive)
      : dice_{seed}, destructive_{destructive}, play{{}, seed} {
    sent.reserve(1 << 20);  // growing is what takes its time under a sanitizer
  }

  void step() {
    switch (below(12)) {
      case 0:
        if (names_.size() < 4) {
          names_.push_back("t" + std::to_string(names_made_++));
          play.add(random_toxic(names_.back(), names_kinds_.emplace_back(random_kind())));
        }
        break;
      case 1:
        if (!names_.empty()) {
          const std::size_t i = below(names_.size());
          play.update(random_toxic(names_[i], names_kinds_[i]), below(3) == 0);
        }
        break;
      case 2:
        if (!names_.empty()) remove(below(names_.size()));
        break;
      case 3:
        play.reads = !play.reads;
        play.step_to(play.now().since_start);
        break;
      case 4:
      case 5:
      case 6:
        play.run_until(play.now().since_start + microseconds_below(50'000));
        break;
      case 7:
        play.step_to(play.now().since_start + microseconds_below(50'000));
        break;
      default:
        push();
    }
    EXPECT_LE(play.link.held(), limits::toxic_held_bytes_max + limits::toxic_chunk_bytes);
    if (!destructive_) {
      EXPECT_EQ(play.link.held() + play.bytes_seen, sent.size());
    }
  }

  void remove_all() {
    play.reads = true;
    play.step_to(play.now().since_start);
    while (!names_.empty()) remove(names_.size() - 1);
  }

 private:
  std::size_t below(std::size_t bound) { return dice_.next() % bound; }
  Duration microseconds_below(std::size_t bound) {
    return std::chrono::microseconds{static_cast<std::int64_t>(below(bound))};
  }

  std::string_view random_kind() {
    return destructive_ ? kinds()[below(kinds().size())]->name : kHarmless[below(kHarmless.size())];
  }

  std::shared_ptr<const Toxic> random_toxic(const std::string& name, std::string_view kind) {
    Values values{};
    for (std::int64_t& value : values) value = static_cast<std::int64_t>(below(120)) - 20;
    return named(name, a_toxic(kind, values, static_cast<float>(below(5)) / 3));
  }

  void remove(std::size_t i) {
    play.remove(names_[i]);
    names_.erase(names_.begin() + static_cast<std::ptrdiff_t>(i));
    names_kinds_.erase(names_kinds_.begin() + static_cast<std::ptrdiff_t>(i));
  }

  void push() {
    if (!play.link.wants_more()) return;
    const std::size_t size = 1 + below(below(4) == 0 ? limits::toxic_chunk_bytes : 200);
    const std::string_view bytes = pattern_from(sent.size(), size);
    sent += bytes;
    play.push(bytes);
  }

  Rng dice_;
  bool destructive_;
  std::vector<std::string> names_;
  std::vector<std::string_view> names_kinds_;
  int names_made_ = 0;

 public:
  std::string sent;
  Play play;
};

TEST(LinkProperty, NothingIsLostRepeatedOrReordered) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    RandomPlay random{seed, false};
    for (int i = 0; i < 150; ++i) random.step();
    EXPECT_TRUE(random.sent.starts_with(random.play.all_bytes())) << seed;
    random.remove_all();
    ASSERT_EQ(random.play.all_bytes() == random.sent, true) << seed;
    EXPECT_TRUE(random.play.link.passes_freely()) << seed;
    random.play.finish();
    EXPECT_EQ(random.play.link.end(), LinkEnd::closed) << seed;
  }
}

TEST(LinkProperty, TimesNeverGoBackwards) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    RandomPlay random{seed, true};
    for (int i = 0; i < 150; ++i) random.step();
    Duration before{};
    for (const Arrival& arrival : random.play.arrivals) {
      EXPECT_GE(arrival.at, before) << seed;
      before = arrival.at;
    }
    EXPECT_LE(before, random.play.now().since_start);
  }
}

TEST(LinkProperty, WhatDestroysInventsNothingAndRemovalLeavesNothingHeld) {
  int survived = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    RandomPlay random{seed, true};
    for (int i = 0; i < 40; ++i) random.step();
    random.remove_all();
    EXPECT_LE(random.play.all_bytes().size(), random.sent.size()) << seed;
    EXPECT_EQ(random.play.link.held(), 0u) << seed;
    EXPECT_EQ(random.play.link.next_deadline(), std::nullopt) << seed;
    const bool open = random.play.link.end() == LinkEnd::open;
    EXPECT_EQ(random.play.link.passes_freely(), open) << seed;
    survived += open ? 1 : 0;
  }
  EXPECT_GT(survived, kSeeds / 30);
  EXPECT_LT(survived, kSeeds - kSeeds / 30);
}

TEST(LinkProperty, TheSameSeedPlaysTheSame) {
  const auto played = [](std::uint64_t seed) {
    RandomPlay random{seed, true};
    for (int i = 0; i < 100; ++i) random.step();
    return random.play.arrivals;
  };
  for (std::uint64_t seed = 0; seed < 20; ++seed) EXPECT_EQ(played(seed), played(seed));
}

}  // namespace
}  // namespace blackstart::toxic
