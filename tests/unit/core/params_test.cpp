#include "blackstart/params.h"

#include <gtest/gtest.h>

// covers core/quantity

namespace blackstart {
namespace {

using namespace std::chrono_literals;

TEST(Durations, ReadEveryUnitAloneAndCompound) {
  EXPECT_EQ(parse_duration("15us"), 15us);
  EXPECT_EQ(parse_duration("250ms"), 250ms);
  EXPECT_EQ(parse_duration("3s"), 3s);
  EXPECT_EQ(parse_duration("157m"), 157min);
  EXPECT_EQ(parse_duration("2h"), 2h);
  EXPECT_EQ(parse_duration("2d"), 48h);
  EXPECT_EQ(parse_duration("1m30s"), 90s);
  EXPECT_EQ(parse_duration("1d2h3m4s5ms6us"), 26h + 3min + 4s + 5ms + 6us);
  EXPECT_EQ(parse_duration("0s"), 0s);
  EXPECT_EQ(parse_duration("1.5s"), 1500ms);
  EXPECT_EQ(parse_duration("10 s"), 10s);
  EXPECT_EQ(parse_duration("1m 30s"), 90s);
}

TEST(Durations, RefuseWhatHasNoUnitOrTheWrongOne) {
  for (const char* text : {"", "0", "30", "s", "-1s", "1w", "1S", "30s1m", "1s1s", "1m30", "1.s",
                           ".5s", "1e3s", "1s ", " 1s", "1ss", "1..5s", "999999999d"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Durations, AreWrittenInTheWayTheyAreRead) {
  EXPECT_EQ(duration_text(90s), "1m30s");
  EXPECT_EQ(duration_text(0s), "0s");
  EXPECT_EQ(duration_text(157min), "2h37m");
  EXPECT_EQ(duration_text(24h), "1d");
  EXPECT_EQ(duration_text(1500ms), "1.5s");
  EXPECT_EQ(duration_text(250ms), "250ms");
  EXPECT_EQ(duration_text(60s + 20ms), "1m20ms");
  EXPECT_EQ(duration_text(1500ns), "1.5us");
  EXPECT_EQ(duration_text(-90s), "-1m30s");
  for (const Duration span : {Duration{1}, Duration{999}, Duration{1'000'000'001},
                              Duration{86'399'999'999'999}, Duration{86'400'000'000'001}}) {
    EXPECT_EQ(parse_duration(duration_text(span)), span) << duration_text(span);
  }
}

TEST(Shares, AreOfAHundredAndCarryTheirSign) {
  EXPECT_EQ(parse_share("99.5%"), Probability::from_percent(99.5));
  EXPECT_EQ(parse_share("0%"), Probability::from_percent(0));
  EXPECT_EQ(parse_share("100 %"), Probability::certain());
  for (const char* text : {"99.5", "0.5", "101%", "-1%", "%", "5%%", "5 percent"}) {
    EXPECT_EQ(parse_share(text), std::nullopt) << text;
  }
}

TEST(Rates, KnowBitsFromBytesAndThousandsFrom1024) {
  EXPECT_EQ(parse_rate("9bit"), Bandwidth{9});
  EXPECT_EQ(parse_rate("50 mbit"), Bandwidth{50'000'000});
  EXPECT_EQ(parse_rate("1.5gbit"), Bandwidth{1'500'000'000});
  EXPECT_EQ(parse_rate("3KB/s"), Bandwidth{24'000});
  EXPECT_EQ(parse_rate("3KiB/s"), Bandwidth{24'576});
  EXPECT_EQ(parse_rate("1MB/s"), Bandwidth{8'000'000});
  EXPECT_EQ(parse_rate("1MiB/s"), Bandwidth{8'388'608});
  for (const char* text : {"50", "50mbps", "50kbps", "50bps", "50Mbit", "50kb/s", "5mbit/s", ""}) {
    EXPECT_EQ(parse_rate(text), std::nullopt) << text;
  }
}

TEST(Numbers, AreWholeOrFinite) {
  EXPECT_EQ(parse_integer("-12"), -12);
  EXPECT_EQ(parse_integer("1.5"), std::nullopt);
  EXPECT_EQ(parse_integer("99999999999999999999"), std::nullopt);
  EXPECT_EQ(parse_number("1.5"), 1.5);
  EXPECT_EQ(parse_number("inf"), std::nullopt);
  EXPECT_EQ(parse_number("nan"), std::nullopt);
  EXPECT_EQ(parse_number("1.5x"), std::nullopt);
}

TEST(Nearest, FindsWhatWasMeantAndNothingElse) {
  EXPECT_EQ(nearest("netwrok", {"dns", "network", "partition"}), "network");
  EXPECT_EQ(nearest("Recover-Within", {"recover_within", "max_wrong"}), "recover_within");
  EXPECT_EQ(nearest("recover", {"max_wrong", "recover_within"}), "recover_within");
  EXPECT_EQ(nearest("dms", {"tcp", "dns"}), "dns");
  EXPECT_EQ(nearest("banana", {"dns", "network", "partition"}), "");
  EXPECT_EQ(nearest("x", {"y", "zz"}), "");
  EXPECT_EQ(nearest(std::string(1 << 20, 'a'), {"aaaa"}), "");
  EXPECT_EQ(nearest("", {"a"}), "");
}

Node scalar(std::string text, SourcePos pos = {}) {
  Node node;
  node.kind = Node::Kind::scalar;
  node.text = std::move(text);
  node.pos = pos;
  return node;
}

Node map_at(SourcePos pos) {
  Node node;
  node.kind = Node::Kind::map;
  node.pos = pos;
  return node;
}

TEST(ParamReader, ReadsWhatIsThereAndNothingWhereItIsNot) {
  Node map = map_at({0, 3, 5});
  map.members.push_back({"wait", {}, scalar("2s")});
  map.members.push_back({"soa", {}, scalar("false")});
  map.members.push_back({"share", {}, scalar("five")});
  Node list;
  list.kind = Node::Kind::list;
  list.items = {scalar("A")};
  map.members.push_back({"types", {}, list});
  Diagnostics diagnostics;
  const ParamReader in{map, diagnostics};

  EXPECT_EQ(in.duration("wait"), 2s);
  EXPECT_EQ(in.boolean("soa"), false);
  EXPECT_EQ(in.share("share"), std::nullopt);
  EXPECT_EQ(in.rate("rate"), std::nullopt);
  EXPECT_EQ(in.texts("types"), std::vector<std::string>{"A"});
  EXPECT_EQ(in.texts("wait"), std::vector<std::string>{"2s"});
  EXPECT_EQ(in.inner("nothing").text("x"), std::nullopt);
  EXPECT_TRUE(diagnostics.empty());
}

TEST(ParamReader, ReportsAtTheValueOrAtTheMapping) {
  Node map = map_at({0, 3, 5});
  map.members.push_back({"a", {0, 4, 1}, scalar("x", {0, 4, 4})});
  Diagnostics diagnostics;
  const ParamReader in{map, diagnostics};
  in.error("a", "bad");
  in.error("b", "missing", "add it");

  ASSERT_EQ(diagnostics.size(), 2u);
  EXPECT_EQ(diagnostics[0].pos, (SourcePos{0, 4, 4}));
  EXPECT_EQ(diagnostics[1].pos, (SourcePos{0, 3, 5}));
  EXPECT_EQ(diagnostics[1].hint, "add it");
}

}  // namespace
}  // namespace blackstart
