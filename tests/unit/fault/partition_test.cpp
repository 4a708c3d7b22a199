// What a partition needs, says and refuses. What it does: compiler_test.cpp, and the kernel ring.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <memory>
#include <string>
#include <string_view>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "fault/registry.h"
#include "support/json_node.h"

namespace blackstart {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::unique_ptr<const Fault> parsed(std::string_view json) {
  const Node node = test::node_of(json);
  Diagnostics diagnostics;
  for (const FaultKind* one : fault_kinds()) {
    if (one->name != "partition") continue;
    auto fault = one->parse(ParamReader{node, diagnostics});
    EXPECT_THAT(diagnostics, IsEmpty());
    return fault;
  }
  return nullptr;
}

Needs needs(std::string_view json, const Target& target = {}) {
  return parsed(json)->needs(target);
}

TEST(Partition, DropsBothWaysUnlessToldOtherwise) {
  EXPECT_EQ(parsed("{}")->in_words(), "drop everything, both ways");
  EXPECT_EQ(parsed(R"({"how": "reset", "direction": "out", "cut_existing": true})")->in_words(),
            "reset everything, outbound, and cut what is established");
  EXPECT_EQ(parsed(R"({"how": "unreachable", "direction": "in"})")->in_words(),
            "everything is unreachable, inbound");
}

TEST(Partition, NeedsOnlyWhatItUses) {
  EXPECT_EQ(needs("{}"), Needs::owned_tables | Needs::egress_hook | Needs::blackhole);
  EXPECT_EQ(needs(R"({"direction": "in"})"), Needs::owned_tables);
  EXPECT_EQ(needs(R"({"how": "reset"})"), Needs::owned_tables | Needs::egress_hook | Needs::reject);
  EXPECT_TRUE(has(needs(R"({"cut_existing": true})"), Needs::sock_destroy));
  EXPECT_FALSE(has(needs("{}"), Needs::sock_destroy));
}

TEST(Partition, NeedsWhatItsTargetNeeds) {
  Target target;
  target.cgroup = "user.slice";
  EXPECT_TRUE(has(needs("{}", target), Needs::cgroup_match));
  target = {};
  target.names = {"api.example"};
  EXPECT_TRUE(has(needs("{}", target), Needs::redirect));
}

TEST(Partition, ObjectsToPortsOfIcmpAndCutsOfUdp) {
  Target icmp;
  icmp.protocol = Protocol::icmp;
  icmp.port = {{1, 2}};
  EXPECT_THAT(parsed("{}")->objections(icmp), ElementsAre(HasSubstr("ICMP has no ports")));
  Target udp;
  udp.protocol = Protocol::udp;
  EXPECT_THAT(parsed(R"({"cut_existing": true})")->objections(udp),
              ElementsAre(HasSubstr("selects none")));
  EXPECT_THAT(parsed("{}")->objections(udp), IsEmpty());
}

TEST(Partition, CompilesWhatWasWritten) {
  Target target;
  target.cidr = {*parse_prefix("10.0.0.0/8")};
  const auto fault = parsed(R"({"how": "reset", "direction": "in", "cut_existing": true})");
  const std::array<EntryToCompile, 1> entries{EntryToCompile{3, fault.get(), &target}};
  const CompiledEntries compiled = compile_entries(entries);
  ASSERT_NE(compiled.find(3), nullptr);
  EXPECT_EQ(compiled.find(3)->armed, "armed_3");
  EXPECT_EQ(compiled.cuts.size(), 1u);
  EXPECT_FALSE(compiled.answers);  // nothing goes out
  EXPECT_TRUE(compiled.find(3)->inet);
}

}  // namespace
}  // namespace blackstart
