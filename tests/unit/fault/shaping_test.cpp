// covers fault/rule_book
// covers fault/network_rules
// covers fault/network
// Which devices network faults get, which packets are sent to them, and what they do there.

#include "fault/shaping.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

#include "blackstart/limits.h"
#include "fault/compiler.h"
#include "netlink/ruleset_text.h"
#include "support/enforced.h"
#include "support/rules.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using Way = TrafficDirection;

NetworkSpec constant(const Impairment& values, Way direction = Way::both) {
  return {.from = values, .to = values, .direction = direction};
}

NetworkSpec delayed(Duration delay, Way direction = Way::both) {
  Impairment values;
  values.delay = delay;
  return constant(values, direction);
}

NetworkSpec lossy(double loss, double burst = 1.0, Way direction = Way::both) {
  Impairment values;
  values.loss = loss;
  values.burst = burst;
  return constant(values, direction);
}

CompiledEntries compiled(const NetworkSpec& spec, const Target& target) {
  return Entries{}.add(network(spec), target).compile();
}

// "out 0 1": the way and the entries of each class.
std::vector<std::string> classes_of(const CompiledEntries& compiled) {
  std::vector<std::string> out;
  for (const ShapedClass& one : compiled.classes) {
    std::string text = one.way == Way::out ? "out" : "in";
    for (const std::uint32_t entry : one.entries) text += ' ' + std::to_string(entry);
    out.push_back(text);
  }
  return out;
}

TEST(Shaping, SendsBothWaysThroughADeviceEach) {
  const auto result = compiled(delayed(100ms), target_of({"10.0.0.0/8"}));
  EXPECT_THAT(
      rules_of(result, "fault_egress"),
      ElementsAre(
          "meta protocol @armed_0 ip daddr 10.0.0.0/8 counter name \"entry_0\" goto to_bs3"));
  EXPECT_THAT(rules_of(result, "to_bs3"), ElementsAre("fwd to \"bs3\""));
  EXPECT_THAT(
      rules_of(result, "fault_ingress"),
      testing::Contains(
          "meta protocol @armed_0 ip saddr 10.0.0.0/8 counter name \"entry_0\" goto to_bs4"));
  EXPECT_THAT(classes_of(result), ElementsAre("out 0", "in 0"));
  EXPECT_FALSE(result.swallows);
}

TEST(Shaping, KeepsToOneDirection) {
  EXPECT_THAT(classes_of(compiled(delayed(1ms, Way::out), target_of({"10.0.0.0/8"}))),
              ElementsAre("out 0"));
  EXPECT_THAT(classes_of(compiled(delayed(1ms, Way::in), target_of({"10.0.0.0/8"}))),
              ElementsAre("in 0"));
}

TEST(Shaping, LosesSinglePacketsByRuleAndBurstsByDevice) {
  const auto single = compiled(lossy(0.05), target_of({"10.0.0.0/8"}));
  EXPECT_THAT(single.classes, IsEmpty());
  EXPECT_THAT(rules_of(single, "fault_egress"),
              testing::Contains(
                  "meta protocol @armed_0 ip daddr 10.0.0.0/8 counter name \"entry_0\" "
                  "numgen random mod 1000000 < 50000 counter name \"lost_0\" fwd to \"bs0\""));
  EXPECT_THAT(rules_of(single, "fault_ingress"),
              testing::Contains(HasSubstr("counter name \"lost_0\" drop")));
  EXPECT_TRUE(single.swallows);
  const auto bursts = compiled(lossy(0.05, 8.0), target_of({"10.0.0.0/8"}));
  EXPECT_THAT(bursts.classes, SizeIs(2));
  EXPECT_NEAR(bursts.classes[0].impairment({}).loss, 0.05, 1e-9);
  EXPECT_THAT(rules_of(bursts, "fault_egress"), Not(testing::Contains(HasSubstr("numgen"))));
}

TEST(Shaping, SplitsLossFromDelay) {
  NetworkSpec spec = delayed(10ms, Way::out);
  spec.from.loss = spec.to.loss = 0.5;
  const auto result = compiled(spec, target_of({"10.0.0.0/8"}));
  ASSERT_THAT(result.classes, SizeIs(1));
  EXPECT_EQ(result.classes[0].impairment({}).loss, 0.0);
  EXPECT_EQ(result.classes[0].impairment({}).delay, 10ms);
  EXPECT_THAT(rules_of(result, "fault_egress"), testing::Contains(HasSubstr("< 500000")));
}

TEST(Shaping, MakesADeviceForEachCombinationThatCanOccur) {
  const auto result = Entries{}
                          .add(network(delayed(10ms, Way::out)), target_of({"10.0.0.0/8"}))
                          .add(network(delayed(5ms, Way::out)), target_of({"10.1.0.0/16"}))
                          .add(network(delayed(1ms, Way::out)), target_of({"192.168.0.0/16"}))
                          .compile();
  EXPECT_THAT(classes_of(result),
              testing::UnorderedElementsAre("out 0", "out 1", "out 0 1", "out 2"));
  const auto both = std::ranges::find_if(
      result.classes, [](const ShapedClass& one) { return one.entries.size() == 2; });
  EXPECT_EQ(both->impairment({}).delay, 15ms);
  EXPECT_THAT(
      rules_of(result, "to_bs3"),
      ElementsAre("meta protocol @armed_1 ip daddr 10.1.0.0/16 goto to_bs4", "fwd to \"bs3\""));
}

TEST(Shaping, LeavesOutWhatIsNeverInForceTogether) {
  const auto first = network(delayed(10ms, Way::out)), second = network(delayed(5ms, Way::out));
  const Target target = target_of({"10.0.0.0/8"});
  const std::vector<EntryToCompile> apart{{0, &first, &target, 0s, 10s},
                                          {1, &second, &target, 10s, 20s}};
  EXPECT_THAT(classes_of(compile_entries(apart)), ElementsAre("out 0", "out 1"));
  const std::vector<EntryToCompile> together{{0, &first, &target, 0s, 11s},
                                             {1, &second, &target, 10s, 20s}};
  EXPECT_THAT(classes_of(compile_entries(together)), SizeIs(3));
}

TEST(Shaping, KnowsWhichTargetsCannotMeet) {
  const Target https = target_of({}, {{443, 443}});
  EXPECT_FALSE(may_meet(https, target_of({}, {{80, 442}})));
  EXPECT_TRUE(may_meet(https, target_of({}, {{80, 443}})));
  EXPECT_TRUE(may_meet(https, target_of({"10.0.0.0/8"})));
  EXPECT_FALSE(may_meet(target_of({"10.0.0.0/9"}), target_of({"10.128.0.0/9", "::/0"})));
  EXPECT_TRUE(may_meet(target_of({"10.0.0.0/8"}), target_of({"0.0.0.0/0"})));
  Target tcp = https, udp = https;
  tcp.protocol = Protocol::tcp;
  udp.protocol = Protocol::udp;
  EXPECT_FALSE(may_meet(tcp, udp));
  EXPECT_TRUE(may_meet(tcp, https));
}

TEST(Shaping, RefusesMoreCombinationsThanDevices) {
  Entries entries;
  for (int i = 0; i < 7; ++i) entries.add(network(delayed(1ms)), target_of({"10.0.0.0/8"}));
  EXPECT_THROW(entries.compile(), std::runtime_error);
}

TEST(Shaping, FollowsEachRampAtItsOwnPace) {
  NetworkSpec ramp = delayed(0ms);
  ramp.to.delay = 800ms;
  const ShapedClass both{.entries = {3, 5},
                         .specs = {ramp, delayed(10ms)},
                         .way = Way::out,
                         .device = "bs3",
                         .queue = 0};
  EXPECT_EQ(both.impairment({}).delay, 10ms);
  EXPECT_EQ(both.impairment({{3, 0.25}}).delay, 210ms);
  EXPECT_EQ(both.impairment({{3, 1.0}, {5, 0.5}}).delay, 810ms);
}

TEST(Shaping, ImpairsBothWaysOnTheWayOutForAProcess) {
  Target target;
  target.uid = 1000;
  const auto result = compiled(delayed(10ms), target);
  ASSERT_THAT(classes_of(result), ElementsAre("out 0"));
  EXPECT_EQ(result.classes[0].impairment({}).delay, 20ms);
  EXPECT_THAT(rules_of(result, "fault_egress"),
              testing::Contains("meta protocol @armed_0 meta protocol ip meta skuid 1000 counter "
                                "name \"entry_0\" goto to_bs3"));
}

TEST(Shaping, GivesEachCgroupABitOfItsOwn) {
  Entries entries;
  for (const char* name : {"a", "b", "a"}) {
    Target target;
    target.cgroup = name;
    entries.add(network(delayed(10ms, Way::out)), target);
  }
  CompileOptions options;
  options.cgroup = [](const std::string& path) { return CgroupId{77, 1, path}; };
  const auto result = entries.compile(options);
  EXPECT_THAT(result.marked_cgroups, ElementsAre("a", "b"));
  EXPECT_THAT(rules_of(result, "fault_output"),
              testing::Contains(HasSubstr("level 1 \"b\" meta mark set meta mark | 0x20000000")));
  EXPECT_THAT(rules_of(result, "fault_egress"),
              testing::Contains("meta protocol @armed_1 meta mark & 0x20000000 == 0x20000000 "
                                "goto to_bs7"));
}

CompileOptions by_queue() {
  CompileOptions options;
  options.engine = {ShapeEngine::nfqueue, netlink::QueueTo::Via::nft};
  return options;
}

TEST(Shaping, QueuesWhatComesInWithTheDelayOfBothWays) {
  const auto result =
      Entries{}.add(network(delayed(100ms)), target_of({"10.0.0.0/8"})).compile(by_queue());
  EXPECT_THAT(rules_of(result, "queue_from"),
              ElementsAre(HasSubstr("accept"),
                          "meta protocol @armed_0 iifname != \"lo\" ip saddr 10.0.0.0/8 goto "
                          "to_queue_47602"));
  EXPECT_THAT(rules_of(result, "to_queue_47602"), ElementsAre("queue flags bypass to 47602"));
  EXPECT_THAT(rules_of(result, "queue_to_lo"),
              testing::Contains(HasSubstr("iifname \"lo\" ip daddr 10.0.0.0/8 goto")));
  ASSERT_THAT(result.classes, SizeIs(3));
  EXPECT_EQ(result.classes[0].impairment({}).delay, 100ms);
  EXPECT_EQ(result.classes[1].impairment({}).delay, 100ms);
  EXPECT_EQ(result.classes[2].impairment({}).delay, 200ms);
}

TEST(Shaping, KeepsRatesOnDevicesBesideQueues) {
  NetworkSpec spec = delayed(10ms, Way::out);
  spec.from.rate = spec.to.rate = Bandwidth{1'000'000};
  const auto result = Entries{}.add(network(spec), target_of({"10.0.0.0/8"})).compile(by_queue());
  ASSERT_THAT(result.classes, SizeIs(3));
  for (const ShapedClass& one : result.classes) {
    EXPECT_EQ(one.device.empty(), !one.impairment({}).rate.has_value());
    EXPECT_EQ(one.device.empty(), one.impairment({}).delay == 10ms);
  }
}

TEST(Shaping, QueuesForAProcessWhereItsSocketIsKnown) {
  Target target;
  target.uid = 1000;
  const auto result = Entries{}.add(network(delayed(10ms)), target).compile(by_queue());
  ASSERT_THAT(result.classes, SizeIs(1));
  EXPECT_EQ(result.classes[0].impairment({}).delay, 20ms);
  EXPECT_THAT(
      rules_of(result, "queue_process"),
      testing::Contains(HasSubstr("meta nfproto ipv4 meta skuid 1000 goto to_queue_47600")));
}

TEST(Shaping, LetsPartitionsWin) {
  const auto result = Entries{}
                          .add(network(delayed(10ms, Way::out)), target_of({"10.0.0.0/8"}))
                          .add(network(lossy(0.5, 1.0, Way::out)), target_of({"10.0.0.0/8"}))
                          .add(partition({.direction = Way::out}), target_of({"10.0.0.0/8"}))
                          .compile();
  EXPECT_THAT(
      rules_of(result, "fault_egress"),
      ElementsAre(HasSubstr("entry_0"), HasSubstr("entry_1"),
                  HasSubstr("@armed_2 ip daddr 10.0.0.0/8 counter name \"entry_2\" fwd to \"bs0\""),
                  HasSubstr("lost_1"), HasSubstr("goto")));
}

TEST(Shaping, HangsLateDevicesOnTheSameChains) {
  const auto result = compiled(delayed(1ms), target_of({"10.0.0.0/8"}));
  const auto late = late_chains(result, "eth9", 17);
  ASSERT_THAT(late, SizeIs(2));
  EXPECT_EQ(late[0].name, "egress_17");
  EXPECT_THAT(late[0].base->devices, ElementsAre("eth9"));
  EXPECT_EQ(std::get<netlink::Jump>(late[0].rules[0].expressions[0]).chain, "fault_egress");
}

}  // namespace
}  // namespace blackstart::test
