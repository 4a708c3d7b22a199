#include "report/text.h"

#include <gtest/gtest.h>

#include "support/shown_text.h"

namespace blackstart::picture {
namespace {

using namespace std::chrono_literals;

constexpr Style kMono{.colour = false, .unicode = true};
constexpr Style kAscii{.colour = false, .unicode = false};
constexpr Style kColour{.colour = true, .unicode = true};

TEST(Text, LeavesNoControlCharacterAndNoBadByteInWhatAServiceSaid) {
  EXPECT_EQ(harmless(test::kHostile), "?[2J?]0;owned? <&\"' ?31m??MET ? ??");
}

TEST(Text, RefusesWhatIsNoUtf8) {
  EXPECT_EQ(harmless("\xc0\xaf"), "??");            // longer than need be
  EXPECT_EQ(harmless("\xe0\x80\xaf"), "???");       // the same in three
  EXPECT_EQ(harmless("\xf0\x80\x80\xaf"), "????");  // and in four
  EXPECT_EQ(harmless("\xed\xa0\x80"), "???");       // half of a pair
  EXPECT_EQ(harmless("\xf4\x90\x80\x80"), "????");  // beyond the last
  EXPECT_EQ(harmless("\xe2\x82"), "??");            // broken off
  EXPECT_EQ(harmless("\xef\xbf\xbf"), "?");         // no character
}

TEST(Text, KeepsWhatIsHarmless) {
  EXPECT_EQ(harmless("zażółć 残高 €42"), "zażółć 残高 €42");
  EXPECT_EQ(shown(kMono, "±5ms"), "±5ms");
  EXPECT_EQ(shown(kAscii, "±5ms 残"), "?5ms ?");
}

TEST(Text, CountsTheColumnsOfWideAndCombiningCharacters) {
  EXPECT_EQ(width_of("wallet"), 6u);
  EXPECT_EQ(width_of("残高"), 4u);
  EXPECT_EQ(width_of("e\xcc\x81"), 1u);
  EXPECT_EQ(width_of(inked(kColour, Ink::bad, "stuck")), 5u);
}

TEST(Text, CutsWithAMarkAndNeverInsideACharacter) {
  EXPECT_EQ(cut(kMono, "wallet", 6), "wallet");
  EXPECT_EQ(cut(kMono, "wallet", 5), "wall…");
  EXPECT_EQ(cut(kAscii, "wallet", 5), "wall~");
  EXPECT_EQ(cut(kMono, "残高照会", 6), "残高…");  // five columns: the third would make seven
  EXPECT_EQ(cut(kMono, "wallet", 0), "");
}

TEST(Text, FillsUpToItsColumns) {
  EXPECT_EQ(left(kMono, "ok", 4), "ok  ");
  EXPECT_EQ(right(kMono, "ok", 4), "  ok");
  EXPECT_EQ(left(kMono, "残高照会", 6), "残高… ");
}

TEST(Text, BreaksAtBlanksAndBreaksAWordOnlyWhereItMust) {
  EXPECT_EQ(wrapped("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrapped("a abcdefgh i", 4), (std::vector<std::string>{"a", "abcd", "efgh", "i"}));
  EXPECT_TRUE(wrapped("", 4).empty());
}

TEST(Text, InksOnlyWithColour) {
  EXPECT_EQ(inked(kMono, Ink::bad, "x"), "x");
  EXPECT_EQ(inked(kColour, Ink::bad, "x"), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(inked(kColour, Ink::plain, "x"), "x");
  EXPECT_EQ(badge(kMono, Ink::worst, "LIED", 7), " LIED  ");
  EXPECT_EQ(badge(kColour, Ink::worst, "LIED", 7), "\x1b[1;35;7m LIED  \x1b[0m");
}

TEST(Text, TellsSpansInThreeFiguresAtMost) {
  EXPECT_EQ(short_duration(0s), "0s");
  EXPECT_EQ(short_duration(1'240us), "1.2ms");
  EXPECT_EQ(short_duration(340ms), "340ms");
  EXPECT_EQ(short_duration(12'340ms), "12.3s");
  EXPECT_EQ(short_duration(157s), "2m37s");
  EXPECT_EQ(short_duration(157min), "2h37m");
  EXPECT_EQ(short_duration(3h), "3h");
  EXPECT_EQ(short_duration(-8s), "-8s");
}

}  // namespace
}  // namespace blackstart::picture
