// covers toxic/slicer

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "support/toxic_play.h"

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;
using ::testing::AnyOf;
using ::testing::SizeIs;

std::string alphabet(std::size_t size) {
  std::string text(size, ' ');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>('a' + i % 26);
  return text;
}

TEST(Slicer, HalvesUntilPiecesAreNoLongerThanTheAverage) {
  Play play{{a_toxic("slicer", {100, 0, 0})}};
  play.push(alphabet(1000));
  ASSERT_THAT(play.arrivals, SizeIs(16));
  for (const Arrival& arrival : play.arrivals)
    EXPECT_THAT(arrival.bytes, AnyOf(SizeIs(62), SizeIs(63)));
  EXPECT_EQ(play.all_bytes(), alphabet(1000));
}

TEST(Slicer, PausesAfterEveryPieceTheLastIncluded) {
  Play play{{a_toxic("slicer", {5, 0, 10'000})}};
  play.push("0123456789");
  play.push("abc");
  play.finish();
  play.run_until(1s);
  EXPECT_EQ(play.arrivals, (Arrivals{{0ms, "01234"}, {10ms, "56789"}, {20ms, "abc"}}));
  EXPECT_EQ(play.ended, 30ms);
}

TEST(Slicer, MovesTheCutsWithinTheVariation) {
  Play play{{a_toxic("slicer", {100, 30, 0})}};
  play.push(alphabet(20'000));
  EXPECT_EQ(play.all_bytes(), alphabet(20'000));
  std::size_t least = 1000, most = 0;
  for (const Arrival& arrival : play.arrivals) {
    least = std::min(least, arrival.bytes.size());
    most = std::max(most, arrival.bytes.size());
  }
  EXPECT_LE(most, 130u);
  EXPECT_GE(least, 35u);  // half of the shortest that is cut, less the variation
  EXPECT_LT(least, 60u);
  EXPECT_GT(most, 100u);
}

TEST(Slicer, WithoutASizeDoesNotSlice) {
  for (const std::int64_t average : {0, -7}) {
    Play play{{a_toxic("slicer", {average, 0, 0})}};
    play.push(alphabet(1000));
    EXPECT_EQ(play.arrivals, (Arrivals{{0ms, alphabet(1000)}}));
  }
}

TEST(Slicer, AVariationBeyondTheAverageIsSafe) {
  for (const std::int64_t variation : {2, 5, 50, 400, 10'000}) {
    Play play{{a_toxic("slicer", {1, variation, 0})}};
    play.push(alphabet(1000));
    EXPECT_EQ(play.all_bytes(), alphabet(1000)) << variation;
  }
}

TEST(Slicer, ChangedOrRemovedLetsTheRestGoInOnePiece) {
  for (const bool removed : {false, true}) {
    Play play{{a_toxic("slicer", {3, 0, 10'000})}};
    play.push("0123456789");
    play.run_until(15ms);
    const std::size_t before = play.all_bytes().size();
    removed ? play.remove("slicer") : play.update(a_toxic("slicer", {3, 0, 5'000}));
    ASSERT_THAT(play.arrivals, SizeIs(3));
    EXPECT_EQ(play.arrivals.back(), (Arrival{15ms, std::string{"0123456789"}.substr(before)}));
  }
}

}  // namespace
}  // namespace blackstart::toxic
