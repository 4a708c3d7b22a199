// covers fault/network
// Every kind of fault, and what the values of `network` mean.

#include "fault/registry.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/scenario.h"
#include "support/json_node.h"

namespace blackstart {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const FaultKind& kind(std::string_view name) {
  for (const FaultKind* one : fault_kinds()) {
    if (one->name == name) return *one;
  }
  throw std::logic_error{"no such kind"};
}

struct Read {
  Read(std::string_view name, std::string_view json) : node{test::node_of(json)} {
    Diagnostics diagnostics;
    fault = kind(name).parse(ParamReader{node, diagnostics});
    for (const Diagnostic& one : diagnostics) mistakes.push_back(one.message);
  }

  Node node;
  std::unique_ptr<const Fault> fault;
  std::vector<std::string> mistakes;
};

TEST(Registry, HasEveryKindOnceWithAShapeAndASummary) {
  std::set<std::string_view> names;
  for (const FaultKind* one : fault_kinds()) {
    EXPECT_TRUE(names.insert(one->name).second) << one->name;
    EXPECT_FALSE(one->summary.empty());
    ASSERT_NE(one->shape, nullptr);
    EXPECT_EQ(one->shape->kind, Shape::Kind::object);
    EXPECT_NE(one->parse, nullptr);
    for (const Key& key : one->shape->keys) {
      EXPECT_NE(key.shape, nullptr) << key.name;
      EXPECT_FALSE(key.doc.empty()) << key.name;
      EXPECT_NE(key.name, "target");
    }
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"dns", "network", "partition", "proxy"}));
}

TEST(NetworkFault, SaysWhatItDoesAndNeedsAShaper) {
  const Read read{"network", R"({"delay": {"from": "0ms", "to": "800ms"}, "jitter": "0ms",
                                 "loss": "5%", "burst": 8, "direction": "out"})"};
  EXPECT_THAT(read.mistakes, IsEmpty());
  EXPECT_EQ(read.fault->in_words(), "delay 0ms to 800ms ±0ms, lose 5% in bursts of 8, outbound");
  EXPECT_TRUE(has(read.fault->needs(Target{}), Needs::shaper));
}

TEST(NetworkFault, RefusesValuesThatMeanNothing) {
  EXPECT_THAT(Read("network", R"({"direction": "in"})").mistakes,
              ElementsAre(HasSubstr("impairs nothing")));
  EXPECT_THAT(Read("network", R"({"delay": "10ms", "jitter": "20ms"})").mistakes,
              ElementsAre(HasSubstr("before they came")));
  EXPECT_THAT(Read("network", R"({"loss": "1%", "jitter": "5ms"})").mistakes,
              ElementsAre(HasSubstr("`jitter` spreads a `delay`")));
  EXPECT_THAT(Read("network", R"({"delay": "1s", "burst": 4})").mistakes,
              ElementsAre(HasSubstr("`burst` groups the `loss`")));
  EXPECT_THAT(Read("network", R"({"loss": "1%", "reorder": "5%"})").mistakes,
              ElementsAre(HasSubstr("overtake")));
  EXPECT_THAT(Read("network", R"({"delay": "1s", "distribution": "pareto"})").mistakes,
              ElementsAre(HasSubstr("shapes the `jitter`")));
  EXPECT_THAT(Read("network", R"({"rate": "0bit"})").mistakes,
              ElementsAre(HasSubstr("lets nothing pass")));
}

TEST(NetworkFault, NeedsWhatItsTargetNeeds) {
  const Read read{"network", R"({"delay": "1s"})"};
  Target target;
  target.names = {"api.example"};
  EXPECT_TRUE(has(read.fault->needs(target), Needs::redirect));
  target = {};
  EXPECT_FALSE(has(read.fault->needs(target), Needs::redirect));
}

}  // namespace
}  // namespace blackstart
