#include "scenario/checker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "scenario/hints.h"
#include "scenario/language.h"
#include "scenario/scalar_check.h"
#include "scenario/yaml_reader.h"
#include "support/test_kinds.h"

namespace blackstart {
namespace {

struct Checked {
  Node root;
  Diagnostics diagnostics;
  std::vector<SourcePos> lacking;
};

Checked check_text(const std::string& text, const std::vector<SourcePos>& refused = {}) {
  const Language language{test_kinds::kinds()};
  Checked out;
  out.root = *read_yaml(text, 0, out.diagnostics);
  out.lacking = check(out.root, language.top(), refused, out.diagnostics);
  return out;
}

TEST(Checker, RemovesWhatItRefusesAndRemembersWhereItStood) {
  const Checked c = check_text("blackstart: 1\nwatch: {hold: 5, limit: 1m}\n");
  ASSERT_EQ(c.diagnostics.size(), 1u);
  EXPECT_EQ(c.root.find("watch")->find("hold"), nullptr);
  EXPECT_NE(c.root.find("watch")->find("limit"), nullptr);
  EXPECT_EQ(c.lacking, (std::vector<SourcePos>{{0, 2, 8}}));
}

TEST(Checker, SaysNothingOfWhatWasRefusedBefore) {
  const Checked c = check_text("blackstart: 1\nspeed: x\n", {{0, 2, 8}});
  EXPECT_TRUE(c.diagnostics.empty());
  EXPECT_EQ(c.root.find("speed"), nullptr);
  EXPECT_EQ(c.lacking, (std::vector<SourcePos>{{0, 1, 1}}));
}

TEST(Checker, KeepsTheNamesOfATableWhoseValuesItRefuses) {
  const Checked c = check_text("blackstart: 1\nprobes: {web: 5}\n");
  ASSERT_EQ(c.diagnostics.size(), 1u);
  ASSERT_EQ(c.root.find("probes")->members.size(), 1u);
  EXPECT_TRUE(is_among(c.lacking, c.root.find("probes")->members[0].value.pos));
}

TEST(Checker, TakesOneValueForAListOnlyWhereTheLanguageSaysSo) {
  EXPECT_TRUE(check_text("blackstart: 1\ntargets: {a: {port: 5}}\n").diagnostics.empty());
  EXPECT_EQ(check_text("blackstart: 1\ntimeline: {at: 5s}\n").diagnostics.size(), 1u);
}

TEST(Checker, TellsObjectsApartByTheKeysThatTheyRequire) {
  const auto message = [](const std::string& entry) {
    const Checked c = check_text("blackstart: 1\ntimeline: [" + entry + "]\n");
    return c.diagnostics.empty() ? "" : c.diagnostics[0].message;
  };
  EXPECT_EQ(message("{at: 0s, note: x}"), "");
  EXPECT_EQ(message("{at: 0s, dns: {target: a}}"), "");
  EXPECT_EQ(message("{at: 0s}"), "a timeline entry needs one of dns, partition or note");
  EXPECT_EQ(message("{at: 0s, dns: {target: a}, note: x}"),
            "a timeline entry has only one of 'dns' and 'note'");
  EXPECT_EQ(message("{at: 0s, dsn: {target: a}}"),
            "unknown key 'dsn'; a timeline entry has one of dns, partition or note");
}

TEST(Checker, GoesOnAfterAMistake) {
  const Checked c = check_text(
      "blackstart: 1\nspeed: fast\nwatch: {hold: 0s}\ntimeline: [{at: 5, dsn: {}}, {note: x}]\n");
  std::vector<std::uint32_t> columns;
  for (const Diagnostic& one : c.diagnostics) columns.push_back(one.pos.column);
  EXPECT_THAT(columns, testing::ElementsAre(8, 15, 17, 20, 30));
}

Node scalar(std::string text) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  return node;
}

TEST(ScalarCheck, NamesTheTwoReadingsOfARate) {
  const auto objection = objection_to(scalar("50Mbps"), shapes::kRate);
  ASSERT_TRUE(objection);
  EXPECT_THAT(objection->message, testing::HasSubstr("50mbit (bits per second) and 50MB/s"));
  EXPECT_FALSE(objection_to(scalar("50mbit"), shapes::kRate));
}

TEST(ScalarCheck, OffersReadingsThatItTakes) {
  const std::pair<std::string, std::array<std::string, 2>> cases[] = {
      {"9600bps", {"9600bit", "9.6KB/s"}},
      {"64kb", {"64kbit", "64KB/s"}},
      {"50", {"50mbit", "50MB/s"}},
      {"2.5Gb/s", {"2.5gbit", "2500MB/s"}},
  };
  for (const auto& [said, readings] : cases) {
    const auto objection = objection_to(scalar(said), shapes::kRate);
    ASSERT_TRUE(objection) << said;
    for (const std::string& reading : readings) {
      EXPECT_THAT(objection->message, testing::HasSubstr(" " + reading + " (b"));
      EXPECT_FALSE(objection_to(scalar(reading), shapes::kRate)) << reading;
    }
  }
}

TEST(ScalarCheck, HoldsValuesToTheirRange) {
  EXPECT_FALSE(objection_to(scalar("100%"), shapes::kShare));
  EXPECT_THAT(objection_to(scalar("100.5%"), shapes::kShare)->message,
              testing::HasSubstr("more than 100%"));
  EXPECT_FALSE(objection_to(scalar("0s"), shapes::kDuration));
  EXPECT_TRUE(objection_to(scalar("0s"), shapes::kPositiveDuration));
  EXPECT_TRUE(objection_to(scalar("31d"), shapes::kDuration));
  EXPECT_TRUE(objection_to(scalar("1.0"), shapes::kCount));
}

TEST(Hints, ShortenWhatIsLongWithoutCuttingACharacter) {
  EXPECT_EQ(in_quotes("a"), "'a'");
  EXPECT_EQ(in_quotes(std::string(59, 'a') + "üb"), "'" + std::string(59, 'a') + "…'");
  EXPECT_EQ(listed({"a", "b", "c"}, "or"), "a, b or c");
}

}  // namespace
}  // namespace blackstart
