// covers fault/selector
// covers fault/redirect
// covers fault/partition_rules
// covers fault/cgroup
// What a partition is compiled to, as nft prints it.

#include "fault/compiler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "fault/redirect.h"
#include "netlink/ruleset_text.h"
#include "support/enforced.h"
#include "support/rules.h"

namespace blackstart::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using How = PartitionHow;
using Way = TrafficDirection;

CompiledEntries compiled(const PartitionSpec& spec, const Target& target) {
  Entries entries;
  entries.add(partition(spec), target);
  CompileOptions options;
  options.cgroup = [](const std::string& path) -> std::optional<CgroupId> {
    if (path == "gone") return std::nullopt;
    return CgroupId{.inode = 77, .level = 2, .path = path};
  };
  return entries.compile(options);
}

TEST(Compiler, DropsOutboundIntoADeviceAndInboundAtTheDoor) {
  const auto result = compiled({.how = How::drop}, target_of({"10.0.0.0/8"}, {{443, 443}}));
  EXPECT_THAT(rules_of(result, "fault_egress"),
              ElementsAre("meta protocol @armed_0 ip daddr 10.0.0.0/8 meta l4proto { tcp, udp } "
                          "th dport 443 counter name \"entry_0\" fwd to \"bs0\""));
  EXPECT_THAT(rules_of(result, "fault_ingress"),
              ElementsAre("meta protocol @armed_0 ip saddr 10.0.0.0/8 meta l4proto { tcp, udp } "
                          "th sport 443 counter name \"entry_0\" drop"));
  EXPECT_TRUE(result.swallows);
  EXPECT_FALSE(result.answers);
  EXPECT_FALSE(result.entries[0].inet);
  EXPECT_TRUE(result.entries[0].netdev);
}

TEST(Compiler, KeepsToOneDirection) {
  const Target target = target_of({"10.0.0.0/8"});
  const auto out = compiled({.how = How::drop, .direction = Way::out}, target);
  EXPECT_THAT(rules_of(out, "fault_ingress"), IsEmpty());
  EXPECT_THAT(rules_of(out, "fault_egress"), Not(IsEmpty()));
  const auto in = compiled({.how = How::drop, .direction = Way::in}, target);
  EXPECT_THAT(rules_of(in, "fault_egress"), IsEmpty());
  EXPECT_THAT(rules_of(in, "fault_ingress"), Not(IsEmpty()));
  EXPECT_FALSE(in.swallows);
}

TEST(Compiler, ResetsTcpAndMarksTheRestForAnAnswer) {
  const auto result = compiled({.how = How::reset, .direction = Way::out}, target_of({"::1/128"}));
  EXPECT_THAT(rules_of(result, "fault_output"),
              ElementsAre("ct state related accept comment \"what answers a rejection\"",
                          "meta protocol @armed_0 ip6 daddr ::1 counter name \"entry_0\" meta "
                          "l4proto tcp reject with tcp reset",
                          "meta protocol @armed_0 ip6 daddr ::1 meta mark set meta mark | "
                          "0x04000000"));
  EXPECT_THAT(rules_of(result, "fault_egress"),
              ElementsAre("meta protocol @armed_0 meta mark & 0x04000000 == 0x04000000 fwd to "
                          "\"bs2\""));
  EXPECT_THAT(rules_of(result, "answered"), ElementsAre(HasSubstr("drop")));
  EXPECT_TRUE(result.answers);
}

TEST(Compiler, HasNoTcpRuleForOtherProtocolsAndNoOtherForTcp) {
  Target target = target_of({"10.0.0.1/32"});
  target.protocol = Protocol::udp;
  EXPECT_THAT(rules_of(compiled({.how = How::reset}, target), "fault_output"),
              Not(testing::Contains(HasSubstr("tcp"))));
  target.protocol = Protocol::tcp;
  EXPECT_THAT(rules_of(compiled({.how = How::reset}, target), "fault_output"),
              Not(testing::Contains(HasSubstr("mark set"))));
}

TEST(Compiler, UnreachableIsAnsweredForTcpToo) {
  const auto result =
      compiled({.how = How::unreachable, .direction = Way::out}, target_of({"10.0.0.1/32"}));
  EXPECT_THAT(rules_of(result, "fault_output"), Not(testing::Contains(HasSubstr("reject with"))));
  EXPECT_THAT(rules_of(result, "fault_egress"), ElementsAre(HasSubstr("fwd to \"bs1\"")));
  EXPECT_THAT(rules_of(result, "fault_forward"),
              testing::Contains(HasSubstr("reject with icmpx host-unreachable")));
}

TEST(Compiler, SelectsByUidAtEgressAndInInput) {
  Target target;
  target.uid = 1000;
  const auto result = compiled({.how = How::drop}, target);
  EXPECT_THAT(rules_of(result, "fault_egress"),
              testing::Contains(HasSubstr("meta skuid 1000 counter name \"entry_0\" fwd")));
  EXPECT_THAT(rules_of(result, "fault_input"),
              testing::Contains(HasSubstr("meta skuid 1000 counter name \"entry_0\" drop")));
  EXPECT_THAT(rules_of(result, "fault_ingress"), IsEmpty());
}

TEST(Compiler, CarriesACgroupToEgressByAMark) {
  Target target;
  target.cgroup = "user.slice/wallet";
  const auto result = compiled({.how = How::drop, .direction = Way::out}, target);
  EXPECT_THAT(
      rules_of(result, "fault_output"),
      testing::Contains(HasSubstr("socket cgroupv2 level 2 \"user.slice/wallet\" counter name "
                                  "\"entry_0\" meta mark set meta mark | 0x02000000")));
  EXPECT_THAT(rules_of(result, "fault_egress"),
              ElementsAre("meta protocol @armed_0 meta mark & 0x02000000 == 0x02000000 fwd to "
                          "\"bs0\""));
}

TEST(Compiler, RefusesACgroupThatIsNotThere) {
  Target target;
  target.cgroup = "gone";
  EXPECT_THROW(compiled({.how = How::drop}, target), std::runtime_error);
}

TEST(Compiler, PutsSeveralPrefixesIntoOneSetAFamily) {
  const auto result = compiled({.how = How::drop, .direction = Way::out},
                               target_of({"10.0.0.0/8", "192.168.0.0/16", "2001:db8::/32"}));
  EXPECT_THAT(rules_of(result, "fault_egress"),
              ElementsAre(HasSubstr("ip daddr @entry_0_v4 counter name \"entry_0\" fwd"),
                          HasSubstr("ip6 daddr 2001:db8::/32 counter name \"entry_0\" fwd")));
  EXPECT_THAT(text_of(result), HasSubstr("10.0.0.0/8"));
}

TEST(Compiler, MatchesFollowedAddressesBesidesTheRestOfTheTarget) {
  Target target = target_of({}, {{443, 443}});
  target.names = {"api.example", "*.svc.local"};
  target.protocol = Protocol::tcp;
  const auto result = compiled({.how = How::drop, .direction = Way::out}, target);
  EXPECT_THAT(rules_of(result, "fault_egress"),
              ElementsAre(HasSubstr("ip daddr @entry_0_v4_followed tcp dport 443 counter"),
                          HasSubstr("ip6 daddr @entry_0_v6_followed tcp dport 443 counter")));
  ASSERT_EQ(result.followed.size(), 1u);
  EXPECT_EQ(result.followed[0].names, target.names);
  EXPECT_EQ(result.followed[0].sets.size(), 2u);
  EXPECT_TRUE(result.needs_resolver());
}

TEST(Compiler, FollowsOnlyInTheFamiliesAndTablesThatHaveRules) {
  Target target = target_of({"10.0.0.0/8", "192.168.0.0/16"});
  target.names = {"api.example"};
  const auto result = compiled({.how = How::reset}, target);
  EXPECT_THAT(rules_of(result, "fault_input"),
              testing::Contains(HasSubstr("ip saddr @entry_0_v4_followed ip saddr @entry_0_v4 ")));
  ASSERT_EQ(result.followed.size(), 1u);
  ASSERT_EQ(result.followed[0].sets.size(), 1u);
  EXPECT_EQ(result.followed[0].sets[0].name, "entry_0_v4_followed");
  EXPECT_EQ(result.followed[0].sets[0].family, netlink::Family::inet);
}

TEST(Compiler, SparesNeighbourDiscoveryWhereEverythingIsMeant) {
  Target target;
  target.any = true;
  const auto any =
      rules_of(compiled({.how = How::drop, .direction = Way::out}, target), "fault_egress");
  EXPECT_THAT(any, testing::Contains(HasSubstr("ip6 daddr != fe80::/10")));
  EXPECT_THAT(any, testing::Contains(HasSubstr("ip6 daddr != ff02::/16")));
  const auto all_v6 = rules_of(
      compiled({.how = How::drop, .direction = Way::in}, target_of({"::/0"})), "fault_ingress");
  EXPECT_THAT(all_v6, testing::Each(HasSubstr("ip6 saddr != fe80::/10")));
  const auto some =
      rules_of(compiled({.how = How::drop, .direction = Way::in}, target_of({"fe80::1/128"})),
               "fault_ingress");
  EXPECT_THAT(some, testing::Each(Not(HasSubstr("!="))));
}

TEST(Compiler, CountsForEveryEntryBeforeAnyDecides) {
  Entries entries;
  entries.add(partition({.how = How::drop}), target_of({"10.0.0.0/8"}))
      .add(partition({.how = How::drop}), target_of({"10.1.0.0/16"}));
  EXPECT_THAT(rules_of(entries.compile(), "fault_egress"),
              ElementsAre("meta protocol @armed_1 ip daddr 10.1.0.0/16 counter name \"entry_1\"",
                          HasSubstr("@armed_0 ip daddr 10.0.0.0/8 counter name \"entry_0\" fwd"),
                          "meta protocol @armed_1 ip daddr 10.1.0.0/16 fwd to \"bs0\""));
}

TEST(Compiler, LooksUpOnceInEachFamilyThatAnEntryHasToItself) {
  Entries entries;
  entries.add(partition({.how = How::drop}), target_of({"10.0.0.0/8"}))
      .add(partition({.how = How::drop}), target_of({"2001:db8::/32"}));
  EXPECT_THAT(rules_of(entries.compile(), "fault_ingress"),
              ElementsAre(HasSubstr("ip saddr 10.0.0.0/8 counter name \"entry_0\" drop"),
                          HasSubstr("ip6 saddr 2001:db8::/32 counter name \"entry_1\" drop")));
}

TEST(Compiler, CountsAPacketFromTheTargetToItselfForBothEnds) {
  Target target = target_of({"10.0.0.0/8"});
  target.protocol = Protocol::tcp;
  EXPECT_THAT(rules_of(compiled({.how = How::reset}, target), "fault_forward"),
              ElementsAre(HasSubstr("accept"),
                          HasSubstr("ip saddr 10.0.0.0/8 meta l4proto tcp counter name"),
                          HasSubstr("ip daddr 10.0.0.0/8 meta l4proto tcp counter name"),
                          HasSubstr("ip saddr 10.0.0.0/8 meta l4proto tcp reject")));
}

TEST(Compiler, CountsBeforeARuleThatActsOnAPartOfWhatIsSelected) {
  Target target = target_of({"10.0.0.0/8"});
  target.uid = 1000;
  EXPECT_THAT(rules_of(compiled({.how = How::reset}, target), "fault_output"),
              ElementsAre(HasSubstr("accept"),
                          "meta protocol @armed_0 ip daddr 10.0.0.0/8 meta skuid 1000 counter name "
                          "\"entry_0\"",
                          HasSubstr("meta l4proto tcp meta skuid 1000 reject"),
                          HasSubstr("meta skuid 1000 meta mark set")));
}

TEST(Compiler, EveryRuleButThoseForAnswersWaitsForItsFault) {
  Target everything;
  everything.any = true;
  for (const How how : {How::drop, How::reset, How::unreachable}) {
    const auto result = compiled({.how = how}, everything);
    for (const netlink::Table& table : result.ruleset.tables) {
      EXPECT_TRUE(table.owned);
      for (const netlink::Chain& chain : table.chains) {
        for (const netlink::Rule& rule : chain.rules) {
          const bool armed =
              std::holds_alternative<netlink::MatchProtocolSet>(rule.expressions.front());
          const bool answer = std::holds_alternative<netlink::MatchState>(rule.expressions.front());
          EXPECT_TRUE(armed || answer) << chain.name;
        }
      }
    }
  }
}

TEST(Compiler, NotesWhatMustBeCutAndWhichInterfacesMustBeThere) {
  Target target = target_of({"10.0.0.0/8"});
  target.interface = "eth7";
  const auto result = compiled({.how = How::drop, .cut_existing = true}, target);
  ASSERT_EQ(result.cuts.size(), 1u);
  EXPECT_EQ(result.cuts[0].target.cidr, target.cidr);
  EXPECT_THAT(result.interfaces, ElementsAre("eth7"));
  EXPECT_THAT(rules_of(result, "fault_egress"), testing::Each(HasSubstr("oifname \"eth7\"")));
  EXPECT_THAT(compiled({.how = How::drop}, target).cuts, IsEmpty());
}

TEST(Compiler, GivesDnsEntriesTheirNamesAndNoRules) {
  Target target;
  target.names = {"api.example", "*.svc.local"};
  Entries entries;
  entries.add(dns_fault(dns::AnswerKind::nodata), target);
  const CompiledEntries result = entries.compile();
  ASSERT_EQ(result.dns.size(), 1u);
  EXPECT_EQ(result.dns[0].entry, 0u);
  EXPECT_EQ(result.dns[0].names.size(), 2u);
  EXPECT_TRUE(result.entries[0].dns);
  EXPECT_TRUE(result.ruleset.tables.empty());
  EXPECT_TRUE(result.followed.empty());
}

TEST(Compiler, MarksAreEightNeighbouringBits) {
  const MarkBits marks;
  EXPECT_TRUE(marks.valid());
  std::uint32_t all =
      marks.ours() | marks.swallow() | marks.port_unreachable() | marks.host_unreachable();
  for (std::size_t n = 0; n < MarkBits::kCgroups; ++n) all |= marks.cgroup(n);
  EXPECT_EQ(all, marks.mask());
  EXPECT_FALSE(MarkBits{3}.valid());
  EXPECT_FALSE(MarkBits{1u << 25}.valid());
  EXPECT_TRUE(MarkBits{1u << 24}.valid());
}

TEST(Redirect, MovesQuestionsIntoAZoneAndAnswersBack) {
  netlink::Ruleset ruleset;
  add_dns_redirect(ruleset, {.ports = {.v4 = 5300, .v6 = std::nullopt},
                             .marks = {},
                             .zone = 7,
                             .exempt_uid = std::nullopt});
  const std::string text = netlink::ruleset_text(ruleset);
  EXPECT_THAT(text, HasSubstr("meta mark & 0x01000000 == 0x00000000 udp dport 53 ct zone set 7"));
  EXPECT_THAT(text, HasSubstr("@armed_answers ip saddr 127.0.0.1 udp sport 5300 ct zone set 7"));
  EXPECT_THAT(text, HasSubstr("tcp dport 53 redirect to :5300"));
  EXPECT_THAT(text, Not(HasSubstr("ipv6")));
  EXPECT_THAT(text, Not(HasSubstr("skuid")));
  EXPECT_THAT(text, Not(HasSubstr("tcp dport 53 ct zone")));
}

TEST(Redirect, ExemptsAForwarderThatWeAsk) {
  netlink::Ruleset ruleset;
  add_dns_redirect(ruleset,
                   {.ports = {.v4 = 5300, .v6 = 5301}, .marks = {}, .zone = 7, .exempt_uid = 101});
  EXPECT_THAT(netlink::ruleset_text(ruleset), HasSubstr("meta skuid != 101 udp dport 53"));
}

}  // namespace
}  // namespace blackstart::test
