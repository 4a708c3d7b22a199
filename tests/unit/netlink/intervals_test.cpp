#include "netlink/intervals.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlink/ruleset.h"
#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

using testing::ElementsAre;

std::vector<std::string> texts(const std::vector<AddressRange>& ranges) {
  std::vector<std::string> out;
  for (const AddressRange& range : ranges) out.push_back(to_text(range));
  return out;
}

std::string last_of(const AddressRange& range) { return to_text(range_of(range.last)); }

TEST(Intervals, ARangeOfAPrefixEndsWhereThePrefixDoes) {
  EXPECT_EQ(last_of(range_of(prefix({10, 0, 0, 0}, 8))), "10.255.255.255");
  EXPECT_EQ(last_of(range_of(prefix({10, 64, 0, 0}, 11))), "10.95.255.255");
  EXPECT_EQ(last_of(range_of(prefix({10, 0, 0, 1}, 32))), "10.0.0.1");
  EXPECT_EQ(last_of(range_of(prefix({0, 0, 0, 0}, 0))), "255.255.255.255");
  EXPECT_EQ(last_of(range_of(prefix6({0x20, 0x01}, 15))),
            "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
}

TEST(Intervals, PrefixesInsideOrBesideEachOtherBecomeOneRange) {
  EXPECT_THAT(texts(merged(std::vector{prefix({10, 0, 1, 0}, 24), prefix({10, 0, 0, 0}, 24),
                                       prefix({10, 0, 0, 128}, 25), prefix({10, 0, 2, 0}, 24)})),
              ElementsAre("10.0.0.0-10.0.2.255"));
}

TEST(Intervals, AGapOfOneAddressKeepsRangesApart) {
  EXPECT_THAT(texts(merged(std::vector{prefix({10, 0, 0, 0}, 31), prefix({10, 0, 0, 3}, 32)})),
              ElementsAre("10.0.0.0/31", "10.0.0.3"));
}

TEST(Intervals, FamiliesAreNeverJoinedAndIPv4ComesFirst) {
  EXPECT_THAT(texts(merged(std::vector{prefix6({}, 0), prefix({255, 255, 255, 255}, 32)})),
              ElementsAre("255.255.255.255", "::/0"));
}

TEST(Intervals, TheWiderOfTwoThatBeginTogetherWins) {
  EXPECT_THAT(texts(merged(std::vector{prefix({10, 0, 0, 0}, 8), prefix({10, 0, 0, 0}, 16),
                                       prefix({10, 200, 0, 0}, 16)})),
              ElementsAre("10.0.0.0/8"));
}

TEST(Intervals, NeighbouringPortsAreJoined) {
  const std::vector<PortRange> ports{{443, 443}, {80, 80}, {81, 90}, {85, 100}, {65535, 65535}};
  EXPECT_THAT(merged(ports),
              ElementsAre(PortRange{80, 100}, PortRange{443, 443}, PortRange{65535, 65535}));
}

TEST(Intervals, ElementsAreThoseOfOneFamily) {
  const std::vector<Prefix> prefixes{prefix({10, 0, 0, 0}, 8), prefix6({0xfd}, 8)};
  ASSERT_EQ(interval_elements(prefixes, false).size(), 1u);
  EXPECT_EQ(std::get<AddressRange>(interval_elements(prefixes, true).at(0).value).first,
            prefixes[1].address);
}

TEST(Intervals, TheLastAddressHasNoNext) {
  EXPECT_EQ(next(prefix({10, 255, 255, 255}, 32).address), prefix({11, 0, 0, 0}, 32).address);
  EXPECT_EQ(next(prefix({255, 255, 255, 255}, 32).address), std::nullopt);
  EXPECT_EQ(next(range_of(prefix6({}, 0)).last), std::nullopt);
}

}  // namespace
}  // namespace blackstart::netlink
