#include "fault/exempt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "netlink/ruleset_text.h"
#include "support/rules.h"

namespace blackstart::test {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

netlink::SocketInfo connection(const std::string& local, const std::string& remote) {
  netlink::SocketInfo socket;
  socket.local = *parse_endpoint(local, 0);
  socket.remote = *parse_endpoint(remote, 0);
  return socket;
}

// Tables with a chain of each kind, each with one rule.
netlink::Ruleset some_faults() {
  netlink::Ruleset ruleset;
  netlink::Table inet, netdev{.family = netlink::Family::netdev};
  const auto chain = [](const char* name, std::optional<netlink::Hook> hook) {
    netlink::Chain made{.name = name, .rules = {{{netlink::Drop{}}}}};
    if (hook) made.base = netlink::BaseChain{.hook = *hook};
    return made;
  };
  inet.chains = {
      chain("fault_output", netlink::Hook::output), chain("fault_input", netlink::Hook::input),
      chain("fault_forward", netlink::Hook::forward),
      chain("queue_from", netlink::Hook::prerouting), chain("dns_zone", netlink::Hook::output)};
  netdev.chains = {chain("fault_egress", std::nullopt), chain("fault_ingress", std::nullopt)};
  ruleset.tables = {inet, netdev};
  return ruleset;
}

std::vector<std::string> rules_after(const Exemptions& exempt, const std::string& chain,
                                     netlink::Family family = netlink::Family::inet) {
  netlink::Ruleset ruleset = some_faults();
  add_exemptions(ruleset, exempt);
  std::erase_if(ruleset.tables,
                [&](const netlink::Table& table) { return table.family != family; });
  return rules_in(netlink::ruleset_text(ruleset), chain);
}

const Exemptions kOne{.connections = {connection("10.0.0.5:22", "192.0.2.7:50112")}};

TEST(Exempt, NothingCostsNothing) {
  netlink::Ruleset ruleset = some_faults();
  add_exemptions(ruleset, {});
  EXPECT_EQ(netlink::ruleset_text(ruleset), netlink::ruleset_text(some_faults()));
}

TEST(Exempt, WhatProxiesHandOnIsNotMetAgainOnItsWayIn) {
  const Exemptions proxies{.proxies = 0x0100'0000};
  const char* const rule = "meta mark & 0x01000000 == 0x01000000 accept comment \"our proxies\"";
  EXPECT_THAT(rules_after(proxies, "fault_input"), ElementsAre(rule, "drop"));
  EXPECT_THAT(rules_after(proxies, "fault_ingress", netlink::Family::netdev),
              ElementsAre(rule, "drop"));
  EXPECT_THAT(rules_after(proxies, "fault_output"), ElementsAre("drop"));
  EXPECT_THAT(rules_after(proxies, "fault_egress", netlink::Family::netdev), ElementsAre("drop"));
}

TEST(Exempt, OtherPacketsMeetOneRuleBeforeTheFaults) {
  for (const char* chain : {"fault_output", "fault_egress"}) {
    const auto family = chain[6] == 'e' ? netlink::Family::netdev : netlink::Family::inet;
    EXPECT_THAT(rules_after(kOne, chain, family),
                ElementsAre("tcp sport 22 jump exempt_out", "drop"));
  }
  EXPECT_THAT(rules_after(kOne, "fault_ingress", netlink::Family::netdev),
              ElementsAre("tcp dport 22 jump exempt_in", "drop"));
  for (const char* chain : {"fault_input", "queue_from"}) {
    EXPECT_THAT(rules_after(kOne, chain), ElementsAre("tcp dport 22 jump exempt_in", "drop"));
  }
  for (const char* chain : {"fault_forward", "dns_zone"}) {
    EXPECT_THAT(rules_after(kOne, chain), ElementsAre("drop"));
  }
}

TEST(Exempt, AConnectionIsKnownByItsAddressesAndPorts) {
  EXPECT_THAT(rules_after(kOne, "exempt_out"),
              ElementsAre("ip daddr 192.0.2.7 ip saddr 10.0.0.5 tcp dport 50112 tcp sport 22 "
                          "accept comment \"the operator's own\""));
  EXPECT_THAT(rules_after({.connections = {connection("[fd00::5]:22", "[fd00::7]:50112")}},
                          "exempt_in", netlink::Family::netdev),
              ElementsAre("ip6 saddr fd00::7 ip6 daddr fd00::5 tcp sport 50112 tcp dport 22 "
                          "accept comment \"the operator's own\""));
}

TEST(Exempt, SeveralPortsAreLookedUpTogether) {
  Exemptions two = kOne;
  two.connections.push_back(connection("10.0.0.5:2222", "192.0.2.8:50113"));
  EXPECT_EQ(rules_after(two, "fault_output").front(), "tcp sport { 22, 2222 } jump exempt_out");
  EXPECT_THAT(rules_after(two, "exempt_out"), SizeIs(2));
}

TEST(Exempt, TheResolversPortsBothWaysOverLoopback) {
  const auto rules = rules_after({.resolver = {.v4 = 5'300, .v6 = 5'301}}, "fault_input");
  ASSERT_THAT(rules, SizeIs(5));
  EXPECT_THAT(rules[0],
              HasSubstr("ip daddr 127.0.0.1 meta l4proto { tcp, udp } th dport 5300 accept"));
  EXPECT_THAT(rules[1],
              HasSubstr("ip saddr 127.0.0.1 meta l4proto { tcp, udp } th sport 5300 accept"));
  EXPECT_THAT(rules[2], HasSubstr("ip6 daddr ::1"));
  EXPECT_THAT(rules_after({.resolver = {.v4 = 5'300, .v6 = {}}}, "fault_input"), SizeIs(3));
}

TEST(Exempt, TheApisOfNamedProxiesBothWays) {
  const auto rules = rules_after({.apis = {*parse_endpoint("10.0.0.9:8474", 0)}}, "fault_output");
  ASSERT_THAT(rules, SizeIs(3));
  EXPECT_THAT(rules[0], HasSubstr("ip daddr 10.0.0.9 tcp dport 8474 accept"));
  EXPECT_THAT(rules[1], HasSubstr("ip saddr 10.0.0.9 tcp sport 8474 accept"));
}

TEST(Exempt, ASocketIsKnownByBothOfItsEnds) {
  EXPECT_TRUE(is_among(kOne.connections[0], kOne.connections));
  EXPECT_FALSE(is_among(connection("10.0.0.5:22", "192.0.2.7:50113"), kOne.connections));
  EXPECT_FALSE(is_among(connection("192.0.2.7:50112", "10.0.0.5:22"), kOne.connections));
}

}  // namespace
}  // namespace blackstart::test
