// What the kernel makes of our messages, as nft (the package) prints it, beside our own text.
// covers netlink/ruleset_messages
// covers netlink/rule_messages
// covers netlink/set_messages
// covers netlink/nft_expressions

#include "netlink/ruleset.h"

#include <gtest/gtest.h>

#include <regex>

#include "netlink/nft_owner.h"
#include "netlink/ruleset_text.h"
#include "support/kernel_test.h"
#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

// Without what our text does not promise: white space, who owns a table, time left.
std::string comparable(std::string text) {
  for (const auto& [what, with] :
       {std::pair{" # progname [^\n]*", ""}, std::pair{" expires [0-9a-z]+", ""},
        std::pair{"[ \t]+", " "}, std::pair{",\n ", ", "}, std::pair{"\n\n", "\n"}}) {
    text = std::regex_replace(text, std::regex{what}, with);
  }
  return text;
}

class RulesetOnTheKernel : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    RouteSocket route;
    route.create_veth("v1", "v2");
    route.create("bs0", "ifb");
  }

  static void expect_same(const Ruleset& ruleset) {
    NftOwner owner;
    owner.load(ruleset);
    const CommandResult listed = shell("nft list ruleset");
    EXPECT_EQ(listed.status, 0) << listed.output;
    EXPECT_EQ(comparable(listed.output), comparable(ruleset_text(ruleset)));
  }
};

TEST_F(RulesetOnTheKernel, EverythingInAnInetTableIsListedByNftAsWePrintIt) {
  expect_same({{every_inet_table()}});
}

TEST_F(RulesetOnTheKernel, EverythingInANetdevTableIsListedByNftAsWePrintIt) {
  expect_same({{every_netdev_table()}});
}

TEST_F(RulesetOnTheKernel, BothTablesLoadInOneTransaction) {
  expect_same({{every_inet_table(), every_netdev_table()}});
}

TEST_F(RulesetOnTheKernel, WhatWePrintIsWhatNftReads) {
  Ruleset ruleset{{every_inet_table(), every_netdev_table()}};
  for (Table& table : ruleset.tables) {
    table.owned = false;  // or it would be gone with the nft that read it
    for (Chain& chain : table.chains) {
      // nft reads a cgroup by a path that must exist.
      std::erase_if(chain.rules, [](const Rule& rule) {
        return std::holds_alternative<MatchCgroup>(rule.expressions.front());
      });
    }
  }
  const std::string text = ruleset_text(ruleset);
  const CommandResult read = shell("nft -f - <<'END'\n" + text + "END\n");
  EXPECT_EQ(read.status, 0) << read.output;
  EXPECT_EQ(comparable(shell("nft list ruleset").output), comparable(text));
}

}  // namespace
}  // namespace blackstart::netlink
