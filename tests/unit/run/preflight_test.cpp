#include "run/preflight.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

namespace blackstart {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class Needing final : public Fault {
 public:
  explicit Needing(Needs needs) : needs_{needs} {}
  Needs needs(const Target& target) const override {
    return target.names.empty() ? needs_ : needs_ | Needs::redirect;
  }
  std::string in_words() const override { return {}; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler&) const override {}

 private:
  Needs needs_;
};

netlink::KernelFact fact(Needs need, std::string name, std::string why = {}) {
  return {.need = need,
          .name = std::move(name),
          .ok = why.empty(),
          .why = why,
          .remedy = why.empty() ? "" : "do this"};
}

netlink::KernelFacts all_well() {
  netlink::KernelFacts facts;
  facts.facts = {fact(Needs::owned_tables, "owned nftables tables"),
                 fact(Needs::egress_hook, "netdev egress hook")};
  facts.host = fact(Needs::nothing, "host");
  facts.sandbox = fact(Needs::nothing, "sandbox");
  return facts;
}

Scenario scenario_of(std::initializer_list<Needs> needs) {
  Scenario scenario;
  scenario.targets.emplace_back();
  for (const Needs one : needs) {
    Entry entry;
    entry.name = "entry " + std::to_string(scenario.timeline.size());
    entry.fault = std::make_shared<Needing>(one);
    scenario.timeline.push_back(entry);
  }
  return scenario;
}

std::vector<std::string> texts(const std::vector<Missing>& missing) {
  std::vector<std::string> out;
  for (const Missing& one : missing) out.push_back(to_text(one));
  return out;
}

TEST(Preflight, IsEmptyWhereNothingStandsInTheWay) {
  EXPECT_THAT(preflight(scenario_of({Needs::owned_tables}), all_well()), IsEmpty());
}

TEST(Preflight, ReportsEverythingAtOnceAndEachReasonOnce) {
  netlink::KernelFacts facts = all_well();
  facts.facts = {fact(Needs::owned_tables, "owned nftables tables", "not supported"),
                 fact(Needs::egress_hook, "netdev egress hook", "no such hook")};
  facts.host = fact(Needs::nothing, "host", "no privilege");
  const Scenario scenario =
      scenario_of({Needs::owned_tables, Needs::owned_tables | Needs::egress_hook});
  EXPECT_THAT(texts(preflight(scenario, facts)),
              ElementsAre("where: host: no privilege; do this",
                          "entry 0: owned nftables tables: not supported; do this",
                          "entry 1: netdev egress hook: no such hook; do this"));
}

TEST(Preflight, TakesTheBestEngineThereIsAndSaysWhyThereIsNone) {
  netlink::KernelFacts facts = all_well();
  facts.facts.push_back(fact(Needs::netem, "netem", "unknown kind"));
  facts.facts.push_back(fact(Needs::nft_queue, "nft queue", "unknown expression"));
  facts.facts.push_back(fact(Needs::compat_queue, "compat queue"));
  const Scenario scenario = scenario_of({Needs::shaper});
  EXPECT_TRUE(has(needs_of(scenario), netlink::kRungNeeds));
  EXPECT_THAT(preflight(scenario, facts), IsEmpty());
  EXPECT_EQ(engine_for(scenario, facts).kind, ShapeEngine::nfqueue);
  EXPECT_EQ(engine_for(scenario, facts).queue_via, netlink::QueueTo::Via::xtables);
  facts.facts.back() = fact(Needs::compat_queue, "compat queue", "no nft_compat");
  EXPECT_THAT(texts(preflight(scenario, facts)),
              ElementsAre("entry 0: netem: unknown kind; do this",
                          "entry 0: nft queue: unknown expression; do this",
                          "entry 0: compat queue: no nft_compat; do this"));
}

TEST(Preflight, LeavesRatesToDevicesWhereNobodyMustHoldPackets) {
  netlink::KernelFacts facts = all_well();
  facts.facts = {fact(Needs::rate_limit, "htb"), fact(Needs::netem, "netem", "unknown kind"),
                 fact(Needs::nft_queue, "nft queue")};
  const Scenario scenario = scenario_of({Needs::rate_limit});
  EXPECT_THAT(preflight(scenario, facts), IsEmpty());
  EXPECT_EQ(engine_for(scenario, facts).kind, ShapeEngine::none);
}

TEST(Preflight, HoldsAScenarioToTheEngineThatItAsksFor) {
  netlink::KernelFacts facts = all_well();
  facts.facts = {fact(Needs::rate_limit, "htb"), fact(Needs::netem, "netem"),
                 fact(Needs::nft_queue, "nft queue"),
                 fact(Needs::compat_queue, "compat queue", "no nft_compat")};
  Scenario scenario = scenario_of({Needs::shaper});
  EXPECT_EQ(engine_for(scenario, facts).kind, ShapeEngine::netem);
  scenario.engine = ShapeEngine::nfqueue;
  EXPECT_THAT(preflight(scenario, facts), IsEmpty());
  EXPECT_EQ(engine_for(scenario, facts).kind, ShapeEngine::nfqueue);
  EXPECT_EQ(engine_for(scenario, facts).queue_via, netlink::QueueTo::Via::nft);
  scenario.engine = ShapeEngine::none;
  EXPECT_THAT(texts(preflight(scenario, facts)),
              ElementsAre(testing::HasSubstr("the engine nftables has rules and rates")));
  scenario.engine = ShapeEngine::netem;
  facts.facts[1] = fact(Needs::netem, "netem", "unknown kind");
  EXPECT_THAT(texts(preflight(scenario, facts)),
              ElementsAre("entry 0: netem: unknown kind; do this"));
}

TEST(Preflight, AsksForWhatATargetNeeds) {
  Scenario scenario = scenario_of({Needs::owned_tables});
  scenario.targets[0].names = {"api.example"};
  EXPECT_TRUE(has(needs_of(scenario), Needs::redirect));
  EXPECT_THAT(texts(preflight(scenario, all_well())), IsEmpty());
}

TEST(Preflight, HoldsASandboxToAnotherFactThanTheHost) {
  netlink::KernelFacts facts = all_well();
  facts.host = fact(Needs::nothing, "host", "no privilege");
  Scenario scenario = scenario_of({Needs::owned_tables});
  scenario.where.kind = Where::Kind::sandbox;
  EXPECT_THAT(preflight(scenario, facts), IsEmpty());
  facts.sandbox = fact(Needs::nothing, "sandbox", "namespaces are off");
  EXPECT_THAT(texts(preflight(scenario, facts)),
              ElementsAre("where: sandbox: namespaces are off; do this"));
  scenario.targets[0].where = Where{};
  EXPECT_THAT(texts(preflight(scenario, facts)), ElementsAre("where: host: no privilege; do this"));
}

TEST(Preflight, AsksForNoPrivilegeForToxicsAlone) {
  netlink::KernelFacts facts = all_well();
  facts.host = fact(Needs::nothing, "host", "no privilege");
  facts.sandbox = fact(Needs::nothing, "sandbox", "namespaces are off");
  Scenario scenario = scenario_of({Needs::proxy});
  EXPECT_THAT(preflight(scenario, facts), IsEmpty());
  scenario.where.kind = Where::Kind::sandbox;
  EXPECT_THAT(preflight(scenario, facts), testing::SizeIs(1));
}

TEST(Preflight, LeavesNotesAndUnprobedNeedsAlone) {
  Scenario scenario = scenario_of({Needs::cgroup_match});
  scenario.timeline.emplace_back().note = "a note";
  EXPECT_EQ(needs_of(scenario), Needs::cgroup_match);
  EXPECT_THAT(preflight(scenario, all_well()), IsEmpty());
  EXPECT_EQ(needs_of(Scenario{}), Needs::nothing);
}

}  // namespace
}  // namespace blackstart
