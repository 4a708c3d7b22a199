#include "report/picture.h"

#include <gtest/gtest.h>

#include "support/shown_text.h"

namespace blackstart::picture {
namespace {

using namespace std::chrono_literals;

constexpr Style kMono{.colour = false, .unicode = true};
constexpr Style kAscii{.colour = false, .unicode = false};
constexpr Style kColour{.colour = true, .unicode = true};

StripBin bin(std::uint64_t ok, std::uint64_t failed, std::uint64_t wrong, Duration latency = 1ms) {
  return {ok, failed, wrong, latency * static_cast<std::int64_t>(ok), latency};
}

// Ok, failed, wrong, nothing: a second each.
Strip four_seconds() {
  return {RunTime{}, 1s, {bin(5, 0, 0), bin(0, 5, 0), bin(0, 0, 5), bin(0, 0, 0)}};
}

constexpr Window kFourSeconds{RunTime{}, RunTime{4s}};

TEST(Picture, ShowsEachOutcomeInAShapeOfItsOwn) {
  EXPECT_EQ(strip_row(kAscii, four_seconds(), kFourSeconds, 4), ".x! ");
  EXPECT_EQ(strip_row(kMono, four_seconds(), kFourSeconds, 4), "▁▄█ ");
  EXPECT_EQ(strip_row(kColour, four_seconds(), kFourSeconds, 4),
            "\x1b[32m▁\x1b[0m\x1b[31m▄\x1b[0m\x1b[1;35m█\x1b[0m ");
}

TEST(Picture, LetsTheWorstOutcomeOfACellDecide) {
  EXPECT_EQ(strip_row(kAscii, four_seconds(), kFourSeconds, 2), "x!");
  EXPECT_EQ(strip_row(kAscii, four_seconds(), kFourSeconds, 1), "!");
  const Strip mixed{RunTime{}, 1s, {bin(99, 1, 0)}};
  EXPECT_EQ(strip_row(kAscii, mixed, {RunTime{}, RunTime{1s}}, 1), "x");
}

TEST(Picture, DoesNotLetABinSpillIntoTheCellBesideIt) {
  Strip strip{RunTime{}, 200ms, {}};
  for (int i = 0; i < 300; ++i) strip.bins.push_back(i < 147 ? bin(1, 0, 0) : bin(0, 0, 1));
  for (const std::size_t columns : {300u, 150u, 100u, 50u}) {
    const std::string row = strip_row(kAscii, strip, {RunTime{}, RunTime{60s}}, columns);
    EXPECT_EQ(row.find('!'), 147 * columns / 300) << columns;
  }
}

TEST(Picture, ShowsOnlyWhatTheWindowHolds) {
  EXPECT_EQ(strip_row(kAscii, four_seconds(), {RunTime{1s}, RunTime{3s}}, 2), "x!");
  EXPECT_EQ(strip_row(kAscii, four_seconds(), {RunTime{2s}, RunTime{8s}}, 6), "!     ");
  EXPECT_EQ(strip_row(kAscii, four_seconds(), {RunTime{2s}, RunTime{2s}}, 3), "   ");
  EXPECT_EQ(strip_row(kAscii, Strip{}, kFourSeconds, 3), "   ");
}

TEST(Picture, DrawsLatencyAsAHeightAndOnlyOfWhatWasOk) {
  const Strip strip{RunTime{}, 1s, {bin(1, 0, 0, 1ms), bin(1, 9, 0, 8ms), bin(0, 1, 0)}};
  const Window window{RunTime{}, RunTime{3s}};
  EXPECT_EQ(latency_row(kMono, strip, window, 3, 8ms), "▂█ ");
  EXPECT_EQ(latency_row(kAscii, strip, window, 3, 8ms), "_# ");
  EXPECT_EQ(latency_row(kMono, strip, window, 3, 0ms), "   ");
}

TEST(Picture, DrawsABandWhereAnySpanHolds) {
  const std::vector<FaultSpan> spans{{RunTime{1s}, RunTime{2s}}, {RunTime{3s}, RunTime{4s}}};
  EXPECT_EQ(band_row(kAscii, spans, kFourSeconds, 4), " = =");
  EXPECT_EQ(band_row(kMono, spans, kFourSeconds, 8), "  ━━  ━━");
  EXPECT_EQ(band_row(kAscii, {}, kFourSeconds, 4), "    ");
}

TEST(Picture, CountsTheAxisFromTheFirstFault) {
  const Window minute{RunTime{}, RunTime{60s}};
  EXPECT_EQ(axis_row({.zero = RunTime{20s}}, minute, 60),
            "-20s      -10s      0         10s       20s       30s       ");
}

TEST(Picture, CountsTheIncidentsTimeOnlyWhileTheFaultsHold) {
  const Window minute{RunTime{}, RunTime{60s}};
  const Axis incident{RunTime{10s}, 120.0, Window{RunTime{10s}, RunTime{40s}}};
  EXPECT_EQ(axis_row(incident, minute, 60),
            "          0              30m            1h                  ");
}

TEST(Picture, HasAnAxisForRunsOfAnyLength) {
  for (const Duration length : {Duration{100ms}, Duration{5s}, Duration{10min}, Duration{240h}}) {
    for (const std::size_t columns : {10u, 21u, 57u, 180u}) {
      const std::string row = axis_row({}, {RunTime{}, RunTime{length}}, columns);
      EXPECT_EQ(row.size(), columns);
      EXPECT_EQ(row.find("0"), 0u);
    }
  }
  EXPECT_EQ(axis_row({}, {RunTime{}, RunTime{}}, 40), "");
}

TEST(Picture, FillsTheBarByItsShareAndNoFurther) {
  EXPECT_EQ(progress_bar(kAscii, 0.5, 4), "##..");
  EXPECT_EQ(progress_bar(kAscii, 7.0, 4), "####");
  EXPECT_EQ(progress_bar(kAscii, -1.0, 4), "....");
}

TEST(Picture, GivesALieAnInkThatNoOtherWordHas) {
  EXPECT_EQ(ink_of(ProbeVerdict::lied), Ink::worst);
  for (const ProbeVerdict other :
       {ProbeVerdict::absorbed, ProbeVerdict::recovered, ProbeVerdict::slow, ProbeVerdict::stuck}) {
    EXPECT_NE(ink_of(other), Ink::worst);
  }
  EXPECT_EQ(ink_of(RunVerdict::held), Ink::good);
  EXPECT_EQ(ink_of(RunVerdict::missed), Ink::bad);
}

}  // namespace
}  // namespace blackstart::picture
