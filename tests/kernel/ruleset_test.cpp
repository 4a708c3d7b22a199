// What the kernel makes of our messages, as nft (the package) prints it, beside our own text.
// covers netlink/ruleset_messages
// covers netlink/rule_messages
// covers netlink/set_messages
// covers netlink/nft_expressions

#include "netlink/ruleset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "netlink/kernel_facts.h"
#include "netlink/nft_owner.h"
#include "netlink/ruleset_text.h"
#include "support/kernel_test.h"
#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

// Without what our text does not promise: white space, who owns a table, time left, and how nft
// takes an xtables target of an inet table: for iptables' own, and not without complaint.
std::string comparable(std::string text) {
  for (const auto& [what, with] :
       {std::pair{"# Warning: [^\n]*\n|libxtables: [^\n]*\n", ""},
        std::pair{" # progname [^\n]*", ""}, std::pair{" expires [0-9a-z]+", ""},
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

// Since Linux 5.11, and not in the kernels that Debian 12 builds.
TEST_F(RulesetOnTheKernel, ARejectionAtADeviceIsListedByNftAsWePrintIt) {
  const CommandResult tried = shell(
      "nft -c 'table netdev t { chain c { type filter hook ingress device v1 priority 0; "
      "reject with tcp reset; }; }'");
  if (tried.status != 0) return skip_on_this_kernel("rejections in netdev tables");
  expect_same({{netdev_table_that_rejects()}});
}

TEST_F(RulesetOnTheKernel, BothTablesLoadInOneTransaction) {
  expect_same({{every_inet_table(), every_netdev_table()}});
}

// Not among "everything" above: most kernels have only one of the two.
TEST_F(RulesetOnTheKernel, AQueueIsListedByNftAsWePrintIt) {
  const KernelFacts facts = probe_kernel(Needs::nft_queue | Needs::compat_queue);
  ASSERT_TRUE(facts.facts[0].ok || facts.facts[1].ok) << facts.facts[1].why;
  for (const auto via : {QueueTo::Via::nft, QueueTo::Via::xtables}) {
    if (!facts.facts[via == QueueTo::Via::nft ? 0 : 1].ok) continue;
    Table table{.sets = {armed_set("armed")}, .chains = {}};
    for (const Hook hook : {Hook::prerouting, Hook::input}) {
      table.chains.push_back({hook == Hook::input ? "in" : "pre",
                              BaseChain{ChainType::filter, hook, -5, {}},
                              {{{MatchProtocolSet{"armed"}, CountHere{}, QueueTo{77, via}}, ""}}});
    }
    expect_same({{table}});
  }
}

// What nft can read back: nobody's tables, since they would go with the nft that read them,
// and no cgroups, since nft wants a path that exists.
Ruleset readable_by_nft() {
  Ruleset ruleset{{every_inet_table(), every_netdev_table()}};
  for (Table& table : ruleset.tables) {
    table.owned = false;
    for (Chain& chain : table.chains) {
      std::erase_if(chain.rules, [](const Rule& rule) {
        return std::holds_alternative<MatchCgroup>(rule.expressions.front());
      });
    }
  }
  return ruleset;
}

// The kernel's instructions, rule by rule, from nft's own decoder. Sorted, and without checks
// of the family: nft puts what a match needs where it sees fit, and knows ICMP's family.
std::vector<std::vector<std::string>> instructions() {
  std::vector<std::vector<std::string>> rules;
  std::istringstream lines{shell("nft --debug=netlink list ruleset").output};
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("inet ") || line.starts_with("netdev ")) rules.emplace_back();
    if (!line.starts_with("  [") || rules.empty()) continue;
    if (line.find("load nfproto") != std::string::npos) {
      std::getline(lines, line);
    } else {
      rules.back().push_back(line);
    }
  }
  for (auto& rule : rules) std::ranges::sort(rule);
  return rules;
}

TEST_F(RulesetOnTheKernel, WhatWePrintIsWhatNftReads) {
  const std::string text = ruleset_text(readable_by_nft());
  const CommandResult read = shell("nft -f - <<'END'\n" + text + "END\n");
  EXPECT_EQ(read.status, 0) << read.output;
  EXPECT_EQ(comparable(shell("nft list ruleset").output), comparable(text));
}

TEST_F(RulesetOnTheKernel, NftSendsTheSameInstructionsForWhatWePrint) {
  const Ruleset ruleset = readable_by_nft();
  NftOwner owner;
  owner.load(ruleset);
  const auto ours = instructions();
  ASSERT_GT(ours.size(), 40u);
  EXPECT_EQ(shell("nft flush ruleset").status, 0);
  EXPECT_EQ(shell("nft -f - <<'END'\n" + ruleset_text(ruleset) + "END\n").status, 0);
  const auto theirs = instructions();
  ASSERT_EQ(ours.size(), theirs.size());
  for (std::size_t i = 0; i < ours.size(); ++i) EXPECT_EQ(ours[i], theirs[i]);
}

}  // namespace
}  // namespace blackstart::netlink
