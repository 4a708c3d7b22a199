// covers fault/proxy_rules
// What a proxy fault reads, says and refuses, and the rules that bring connections to it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "fault/registry.h"
#include "support/enforced.h"
#include "support/json_node.h"
#include "support/rules.h"

namespace blackstart::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

struct Read {
  explicit Read(std::string_view json) : node{node_of(json)} {
    Diagnostics diagnostics;
    const FaultKind& kind = **std::ranges::find(fault_kinds(), "proxy", &FaultKind::name);
    fault = kind.parse(ParamReader{node, diagnostics});
    for (const Diagnostic& one : diagnostics) mistakes.push_back(one.message);
  }

  CompiledEntries compile(const Target& target) const {
    const std::array<EntryToCompile, 1> entry{EntryToCompile{4, fault.get(), &target}};
    return compile_entries(entry);
  }

  Node node;
  std::unique_ptr<const Fault> fault;
  std::vector<std::string> mistakes;
};

TEST(ProxyFault, KnowsToxiproxysToxicsAndOurs) {
  const Read read{R"({"toxics": [{"type": "latency", "latency": 100, "jitter": 5},
                                 {"type": "bandwidth", "rate": 0, "name": "stop"},
                                 {"type": "half_open"},
                                 {"type": "slicer", "average_size": 64, "toxicity": 0.5,
                                  "stream": "upstream"}], "cut_existing": true})"};
  EXPECT_THAT(read.mistakes, IsEmpty());
  EXPECT_EQ(read.fault->in_words(),
            "latency downstream latency 100 jitter 5; bandwidth downstream rate 0; half_open "
            "downstream; slicer upstream average_size 64, and cut what is established");
  EXPECT_EQ(read.fault->needs({}),
            Needs::owned_tables | Needs::redirect | Needs::proxy | Needs::sock_destroy);

  const auto toxics = read.compile(target_of({"10.0.0.1/32"})).proxied.at(0).toxics;
  ASSERT_THAT(toxics, SizeIs(4));
  EXPECT_EQ(toxics[0]->name, "latency_downstream");
  EXPECT_THAT(toxics[0]->values, ElementsAre(100, 5, 0));
  EXPECT_EQ(toxics[1]->name, "stop");
  EXPECT_EQ(toxics[3]->kind, toxic::find_kind("slicer"));
  EXPECT_EQ(toxics[3]->stream, toxic::Stream::upstream);
  EXPECT_EQ(toxics[3]->toxicity, 0.5F);
}

TEST(ProxyFault, RefusesAttributesOfAnotherToxic) {
  EXPECT_THAT(Read(R"({"toxics": [{"type": "latency", "rate": 5}]})").mistakes,
              ElementsAre("latency has no attribute 'rate'; it has: latency, jitter"));
  EXPECT_THAT(Read(R"({"toxics": [{"type": "noop", "bytes": 5}]})").mistakes,
              ElementsAre("noop has no attribute 'bytes'; it has: none"));
}

TEST(ProxyFault, RefusesTwoToxicsOfOneName) {
  EXPECT_THAT(Read(R"({"toxics": [{"type": "noop"}, {"type": "noop"}]})").mistakes,
              ElementsAre(HasSubstr("two toxics are called 'noop_downstream'")));
  EXPECT_THAT(Read(R"({"toxics": [{"type": "noop"}, {"type": "noop", "name": "b"}]})").mistakes,
              IsEmpty());
  EXPECT_THAT(Read(R"({"toxics": []})").mistakes, ElementsAre(HasSubstr("does nothing")));
}

TEST(ProxyFault, ActsOnTcpOnly) {
  Target target;
  target.protocol = Protocol::udp;
  const Read read{R"({"toxics": [{"type": "noop"}]})"};
  EXPECT_THAT(read.fault->objections(target), ElementsAre(HasSubstr("TCP")));
  EXPECT_THAT(read.fault->objections(Target{}), IsEmpty());
}

TEST(ProxyFault, OnANamedProxyNeedsNothingOfTheMachine) {
  Target target;
  target.proxy = "redis";
  target.api = "127.0.0.1:8474";
  const Read read{R"({"toxics": [{"type": "noop"}]})"};
  EXPECT_EQ(read.fault->needs(target), Needs::proxy);
  const CompiledEntries compiled = read.compile(target);
  EXPECT_THAT(compiled.ruleset.tables, IsEmpty());
  EXPECT_THAT(compiled.proxied, IsEmpty());
  ASSERT_THAT(compiled.named, SizeIs(1));
  EXPECT_EQ(compiled.named[0].entry, 4U);
  EXPECT_EQ(compiled.named[0].proxy, "redis");
  EXPECT_THAT(compiled.named[0].toxics, SizeIs(1));
  EXPECT_THAT(compiled.apis(), ElementsAre(*parse_endpoint("127.0.0.1:8474", 0)));
  target.api = "unix:/run/api";
  EXPECT_THAT(read.compile(target).apis(), IsEmpty());
}

CompiledEntries compiled(const Target& target, ProxySpec spec = with_toxic("noop")) {
  CompileOptions options;
  options.cgroup = [](const std::string& path) {
    return std::optional{CgroupId{.inode = 77, .level = 1, .path = path}};
  };
  return Entries{}.add(proxy(spec), target).compile(options);
}

TEST(ProxyRules, TakeTheFirstPacketOfConnectionsBothOfLocalSendersAndOfOthers) {
  const auto result = compiled(target_of({"10.0.0.0/8"}, {{6'379, 6'379}}));
  const std::string rule =
      "meta protocol @armed_0 ip daddr 10.0.0.0/8 tcp dport 6379 tcp flags syn / fin,syn,rst,ack "
      "meta mark & 0x01000000 == 0x00000000 counter name \"entry_0\" redirect to :0";
  EXPECT_THAT(rules_of(result, "proxy_output"), ElementsAre(rule));
  EXPECT_THAT(rules_of(result, "proxy_prerouting"), ElementsAre(rule));
  EXPECT_THAT(text_of(result), HasSubstr("type nat hook prerouting priority mangle + 5"));
  EXPECT_TRUE(result.entries[0].inet);
  EXPECT_FALSE(result.entries[0].netdev);
  EXPECT_THAT(result.cuts, IsEmpty());
}

TEST(ProxyRules, TakeOnlyTcpOfBothFamilies) {
  Target target;
  target.any = true;
  EXPECT_THAT(rules_of(compiled(target), "proxy_output"),
              ElementsAre(AllOf(HasSubstr("nfproto ipv4"), HasSubstr("tcp flags syn")),
                          AllOf(HasSubstr("ip6 daddr != fe80::/10"), HasSubstr("tcp flags syn"))));
}

TEST(ProxyRules, KnowProcessesAndDevicesOfLocalSendersOnly) {
  Target uid, cgroup, device;
  uid.uid = 1'000;
  cgroup.cgroup = "wallet";
  device.interface = "eth0";
  const std::pair<Target, const char*> cases[] = {
      {uid, "meta skuid 1000"}, {cgroup, "socket cgroupv2"}, {device, "oifname \"eth0\""}};
  for (const auto& [target, match] : cases) {
    const auto result = compiled(target, {.toxics = {}, .cut_existing = true});
    EXPECT_THAT(rules_of(result, "proxy_output"), Contains(HasSubstr(match)));
    EXPECT_THAT(rules_of(result, "proxy_prerouting"), IsEmpty());
    ASSERT_THAT(result.cuts, SizeIs(1));
    EXPECT_FALSE(result.cuts[0].served);
  }
  EXPECT_TRUE(
      compiled(target_of({"10.0.0.1/32"}), {.toxics = {}, .cut_existing = true}).cuts.at(0).served);
}

TEST(ProxyRules, FollowNames) {
  Target target;
  target.names = {"db.test"};
  const auto result = compiled(target);
  ASSERT_THAT(result.followed, SizeIs(1));
  EXPECT_THAT(result.followed[0].sets, SizeIs(2));
  EXPECT_THAT(rules_of(result, "proxy_prerouting"),
              Contains(HasSubstr("ip daddr @entry_0_v4_followed")));
}

TEST(ProxyRules, LearnTheirPortsAndStandInTheOrderOfTheTimeline) {
  Entries entries;
  for (const char* const cidr : {"10.0.0.1/32", "10.0.0.0/8"}) {
    entries.add(proxy(with_toxic("noop")), target_of({cidr}));
  }
  const auto result = entries.compile();
  netlink::Ruleset ruleset = result.ruleset;
  fill_proxy_ports(ruleset, result, {{0, 1'111}, {1, 2'222}});
  EXPECT_THAT(rules_in(netlink::ruleset_text(ruleset), "proxy_output"),
              ElementsAre(HasSubstr("counter name \"entry_0\" redirect to :1111"),
                          HasSubstr("counter name \"entry_1\" redirect to :2222")));
}

// What answers a rejection is no new connection.
TEST(ProxyRules, StandApartFromRejections) {
  Entries entries;
  entries.add(proxy(with_toxic("noop")), target_of({"10.0.0.1/32"}));
  entries.add(partition({.how = PartitionHow::reset}), target_of({"10.0.0.1/32"}));
  EXPECT_THAT(rules_of(entries.compile(), "proxy_output"),
              Not(Contains(HasSubstr("ct state related"))));
}

}  // namespace
}  // namespace blackstart::test
