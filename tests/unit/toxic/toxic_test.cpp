// covers toxic/noop, toxic/toxic

#include "toxic/toxic.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "support/toxic_play.h"

namespace blackstart::toxic {
namespace {

using ::testing::ElementsAre;

std::vector<std::string> names_of(bool extensions) {
  std::vector<std::string> names;
  for (const Kind* kind : kinds()) {
    if (kind->extension == extensions) names.emplace_back(kind->name);
  }
  return names;
}

TEST(ToxicKinds, ThoseOfToxiproxyAndOurOwnAreToldApart) {
  EXPECT_THAT(names_of(false), ElementsAre("latency", "bandwidth", "slow_close", "timeout",
                                           "reset_peer", "slicer", "limit_data", "noop"));
  EXPECT_THAT(names_of(true), ElementsAre("slow_open", "corrupt", "limit_time", "half_open"));
}

TEST(ToxicKinds, AreFoundByTheirExactName) {
  for (const Kind* kind : kinds()) EXPECT_EQ(find_kind(kind->name), kind);
  EXPECT_EQ(find_kind("Latency"), nullptr);
  EXPECT_EQ(find_kind("latenc"), nullptr);
  EXPECT_EQ(find_kind(""), nullptr);
}

TEST(ToxicKinds, AttributesComeInTheOrderOfToxiproxysAnswers) {
  std::vector<std::string> all;
  for (const Kind* kind : kinds()) {
    std::string line{kind->name};
    for (const Attribute& attribute : kind->attributes) line.append(" ").append(attribute.name);
    EXPECT_LE(kind->attributes.size(), kAttributesMost);
    all.push_back(line);
  }
  EXPECT_THAT(all, ElementsAre("latency latency jitter", "bandwidth rate", "slow_close delay",
                               "timeout timeout", "reset_peer timeout",
                               "slicer average_size size_variation delay", "limit_data bytes",
                               "noop", "slow_open delay", "corrupt bytes_per_million",
                               "limit_time time", "half_open"));
}

TEST(ToxicKinds, EachSaysWhatItDoesAndInWhichUnits) {
  std::set<std::string_view> summaries;
  for (const Kind* kind : kinds()) {
    EXPECT_FALSE(kind->summary.empty()) << kind->name;
    EXPECT_TRUE(summaries.insert(kind->summary).second) << kind->name;
    for (const Attribute& attribute : kind->attributes) EXPECT_FALSE(attribute.doc.empty());
  }
}

TEST(Stream, IsReadInAnyCase) {
  EXPECT_EQ(parse_stream("UpStream"), Stream::upstream);
  EXPECT_EQ(parse_stream("downstream"), Stream::downstream);
  EXPECT_EQ(parse_stream("down"), std::nullopt);
  EXPECT_EQ(parse_stream(""), std::nullopt);
  EXPECT_EQ(to_text(Stream::upstream), "upstream");
  EXPECT_EQ(to_text(Stream::downstream), "downstream");
}

TEST(Noop, LetsBytesGoRoundTheLink) {
  Play play{{a_toxic("noop")}};
  EXPECT_TRUE(play.link.passes_freely());
  EXPECT_THAT(play.link.acting(), ElementsAre("noop"));
  play.update(a_toxic("noop"), true);
  EXPECT_TRUE(play.link.passes_freely());
  play.push("hello");
  EXPECT_EQ(play.arrivals, (Arrivals{{Duration{}, "hello"}}));
}

}  // namespace
}  // namespace blackstart::toxic
