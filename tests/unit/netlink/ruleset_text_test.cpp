// That this is nft's own form is held against nft itself in tests/kernel/ruleset_test.cpp.

#include "netlink/ruleset_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;
using testing::Not;

std::string chain_text(Family family, BaseChain base) {
  Table table{.family = family, .chains = {{"c", std::move(base), {}}}};
  return ruleset_text({{std::move(table)}});
}

TEST(RulesetText, ATableIsPrintedAsNftListsIt) {
  Table table{.family = Family::inet,
              .counters = {{"hits"}},
              .sets = {prefix_set("zone", {prefix({10, 0, 0, 0}, 8)})},
              .chains = {{"in",
                          BaseChain{ChainType::filter, Hook::input, 0, {}},
                          {{{MatchAddressSet{Side::source, false, "zone"}, Drop{}}, ""}}}}};
  EXPECT_EQ(ruleset_text({{table}}), R"(table inet blackstart {
	flags owner

	counter hits {
		packets 0 bytes 0
	}

	set zone {
		type ipv4_addr
		flags interval
		elements = { 10.0.0.0/8 }
	}

	chain in {
		type filter hook input priority filter; policy accept;
		ip saddr @zone drop
	}
}
)");
}

TEST(RulesetText, CustomaryPrioritiesHaveNames) {
  const auto at = [](Hook hook, int priority) {
    return chain_text(Family::inet, {ChainType::filter, hook, priority, {}});
  };
  EXPECT_THAT(at(Hook::output, -300), HasSubstr("priority raw;"));
  EXPECT_THAT(at(Hook::output, -290), HasSubstr("priority raw + 10;"));
  EXPECT_THAT(at(Hook::output, -289), HasSubstr("priority -289;"));
  EXPECT_THAT(at(Hook::prerouting, -101), HasSubstr("priority dstnat - 1;"));
  EXPECT_THAT(at(Hook::output, -100), HasSubstr("priority -100;"));
  EXPECT_THAT(at(Hook::postrouting, 100), HasSubstr("priority srcnat;"));
}

TEST(RulesetText, DevicesAreListedInOrder) {
  EXPECT_THAT(chain_text(Family::netdev, {ChainType::filter, Hook::egress, 0, {"v1", "lo"}}),
              HasSubstr("hook egress devices = { lo, v1 } priority filter;"));
  EXPECT_THAT(chain_text(Family::netdev, {ChainType::filter, Hook::ingress, -300, {"v1"}}),
              HasSubstr("hook ingress device \"v1\" priority -300;"));
}

TEST(RulesetText, TimeoutsArePrintedWithoutZeroParts) {
  const auto element = [](std::chrono::milliseconds timeout) {
    return element_text({EtherType::ip6, timeout});
  };
  EXPECT_EQ(element(0ms), "ip6");
  EXPECT_EQ(element(3s), "ip6 timeout 3s");
  EXPECT_EQ(element(24h + 90s + 5ms), "ip6 timeout 1d1m30s5ms");
}

TEST(RulesetText, ALargeSetIsCutWhereAskedFor) {
  std::vector<Prefix> prefixes;
  for (std::uint8_t i = 0; i < 100; ++i) prefixes.push_back(prefix({10, i, 0, 0}, 24));
  const Ruleset ruleset{{Table{.family = Family::inet, .sets = {prefix_set("zone", prefixes)}}}};
  const std::string cut = ruleset_text(ruleset, 3);
  EXPECT_THAT(cut, HasSubstr("{ 10.0.0.0/24, 10.1.0.0/24, 10.2.0.0/24 # and 97 more"));
  EXPECT_THAT(cut, Not(HasSubstr("10.3.0.0")));
  EXPECT_THAT(ruleset_text(ruleset), HasSubstr("10.99.0.0/24 }"));
  EXPECT_THAT(ruleset_text(ruleset, 100), Not(HasSubstr("more")));
}

TEST(RulesetText, NoLineOfASetIsVeryLong) {
  std::istringstream lines{ruleset_text({{every_inet_table()}})};
  for (std::string line; std::getline(lines, line);) {
    if (line.find("elements") == std::string::npos) continue;
    EXPECT_LE(line.size(), 96u) << line;
  }
}

}  // namespace
}  // namespace blackstart::netlink
