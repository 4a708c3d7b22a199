// That these are nft's own words is held against nft itself in tests/kernel/ruleset_test.cpp.

#include "netlink/rule_text.h"

#include <gtest/gtest.h>

#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

const Prefix kTen = prefix({10, 0, 0, 0}, 8);

std::string inet(std::vector<Expression> expressions) {
  return rule_text(Family::inet, {std::move(expressions), ""});
}

TEST(RuleText, AMatchOnAnAddressStandsForItsFamily) {
  EXPECT_EQ(inet({MatchFamily{false}, MatchPrefix{Side::source, kTen}}), "ip saddr 10.0.0.0/8");
  EXPECT_EQ(inet({MatchFamily{false}, CountHere{}}), "meta nfproto ipv4 counter packets 0 bytes 0");
  EXPECT_EQ(rule_text(Family::netdev, {{MatchFamily{true}}, ""}), "meta protocol ip6");
}

TEST(RuleText, AFamilyThatTheAddressContradictsStays) {
  EXPECT_EQ(inet({MatchFamily{true}, MatchPrefix{Side::source, kTen}}),
            "meta nfproto ipv6 ip saddr 10.0.0.0/8");
}

TEST(RuleText, PortsCarryTheNameOfTheProtocolBeforeThem) {
  const MatchPort port{Side::destination, {{53, 53}}};
  EXPECT_EQ(inet({MatchL4{{L4::udp}}, MatchUid{5}, port}), "meta skuid 5 udp dport 53");
  EXPECT_EQ(inet({MatchL4{{L4::udp, L4::tcp}}, port}), "meta l4proto { tcp, udp } th dport 53");
  EXPECT_EQ(inet({port}), "th dport 53");
  EXPECT_EQ(inet({MatchL4{{L4::tcp}}, port, MatchPort{Side::source, {{1, 9}, {20, 20}}}}),
            "tcp dport 53 tcp sport { 1-9, 20 }");
}

TEST(RuleText, WhatOpensAConnectionIsTcps) {
  EXPECT_EQ(inet({MatchSyn{}, CountHere{}}),
            "tcp flags syn / fin,syn,rst,ack counter packets 0 bytes 0");
  EXPECT_EQ(inet({MatchL4{{L4::tcp}}, MatchUid{5}, MatchSyn{}}),
            "meta skuid 5 tcp flags syn / fin,syn,rst,ack");
}

TEST(RuleText, AResetNeedsTcpAndSaysSo) {
  const Reject reset{Reject::With::tcp_reset, 0};
  EXPECT_EQ(inet({reset}), "meta l4proto tcp reject with tcp reset");
  EXPECT_EQ(inet({MatchL4{{L4::tcp}}, MatchPort{Side::source, {{80, 80}}}, reset}),
            "tcp sport 80 reject with tcp reset");
}

TEST(RuleText, ACodeWithoutANameIsItsNumber) {
  EXPECT_EQ(inet({Reject{Reject::With::icmp, 1}}), "reject with icmp host-unreachable");
  EXPECT_EQ(inet({Reject{Reject::With::icmp, 7}}), "reject with icmp 7");
}

TEST(RuleText, AMarkKeepsTheBitsThatAreNotSet) {
  EXPECT_EQ(inet({SetMark{MarkOf::packet, 0xff00, 0}}), "meta mark set meta mark & 0xffff00ff");
  EXPECT_EQ(inet({SetMark{MarkOf::packet, 0x100, 0x100}}), "meta mark set meta mark | 0x00000100");
  EXPECT_EQ(inet({SetMark{MarkOf::connection, 0xffffffff, 1}}), "ct mark set 0x00000001");
}

TEST(RuleText, AQueueIsWrittenAsNftShowsTheExpressionAndTheTarget) {
  EXPECT_EQ(inet({QueueTo{7}}), "queue flags bypass to 7");
  EXPECT_EQ(inet({QueueTo{65'535, QueueTo::Via::xtables}}), "queue num 65535 bypass");
}

TEST(RuleText, ACgroupIsNamedByItsPathWhereThereIsOne) {
  EXPECT_EQ(inet({MatchCgroup{2, 77, "user.slice/wallet"}}),
            "socket cgroupv2 level 2 \"user.slice/wallet\"");
  EXPECT_EQ(inet({MatchCgroup{2, 77, ""}}), "socket cgroupv2 level 2 77");
}

TEST(RuleText, ACommentComesLast) {
  EXPECT_EQ(rule_text(Family::inet, {{Accept{}}, "why"}), "accept comment \"why\"");
}

}  // namespace
}  // namespace blackstart::netlink
