#include "run/preflight.h"

#include <algorithm>
#include <array>
#include <optional>

namespace blackstart {
namespace {

constexpr std::array kAllNeeds{Needs::owned_tables, Needs::redirect, Needs::egress_hook,
                               Needs::blackhole,    Needs::reject,   Needs::sock_destroy,
                               Needs::cgroup_match};

const Where& where_of(const Scenario& scenario, const Target& target) {
  return target.where ? *target.where : scenario.where;
}

// Whether acting there takes privileges on this machine.
const netlink::KernelFact& fact_for(const Where& where, const netlink::KernelFacts& facts) {
  return where.kind == Where::Kind::sandbox ? facts.sandbox : facts.host;
}

bool listed(const std::vector<Missing>& missing, Needs need, const std::string& why) {
  return std::ranges::any_of(
      missing, [&](const Missing& one) { return one.need == need && one.why == why; });
}

void add_place(const Where& where, const netlink::KernelFacts& facts, std::vector<Missing>& out) {
  const netlink::KernelFact& fact = fact_for(where, facts);
  if (fact.ok || listed(out, Needs::nothing, fact.why)) return;
  out.push_back({Needs::nothing, "where: " + to_text(where), fact.why, fact.remedy});
}

bool there(const netlink::KernelFacts& facts, Needs need) {
  const netlink::KernelFact* fact = facts.find(need);
  return fact == nullptr || fact->ok;
}

// What can give what an entry needs of an engine: one is enough, and each that is not there says
// why. Without any, the engine asked for cannot do it at all.
std::vector<Needs> givers(Needs need, const std::optional<ShapeEngine>& engine) {
  const bool netem = engine.value_or(ShapeEngine::netem) == ShapeEngine::netem;
  const bool nfqueue = engine.value_or(ShapeEngine::nfqueue) == ShapeEngine::nfqueue;
  std::vector<Needs> out;
  if (netem) out.push_back(Needs::netem);
  if (need == Needs::shaper && nfqueue) {
    out.insert(out.end(), {Needs::nft_queue, Needs::compat_queue});
  }
  if (need == Needs::rate_limit && engine != ShapeEngine::netem) out.push_back(Needs::rate_limit);
  return out;
}

void add_engines(const Scenario& scenario, const Entry& entry, Needs needs,
                 const netlink::KernelFacts& facts, std::vector<Missing>& out) {
  for (const Needs need : {Needs::shaper, Needs::rate_limit}) {
    if (!has(needs, need)) continue;
    const std::vector<Needs> any_of = givers(need, scenario.engine);
    if (any_of.empty()) {
      out.push_back({need, entry.name,
                     "the engine nftables has rules and rates, nothing that holds packets",
                     "ask for netem or nfqueue, or leave the engine open"});
    }
    if (std::ranges::any_of(any_of, [&](Needs one) { return there(facts, one); })) continue;
    for (const Needs one : any_of) {
      const netlink::KernelFact& fact = *facts.find(one);
      const std::string why = fact.name + ": " + fact.why;
      if (!listed(out, one, why)) out.push_back({one, entry.name, why, fact.remedy});
    }
  }
}

void add_needs(const Scenario& scenario, const Entry& entry, Needs needs,
               const netlink::KernelFacts& facts, std::vector<Missing>& out) {
  add_engines(scenario, entry, needs, facts, out);
  for (const Needs need : kAllNeeds) {
    if (!has(needs, need)) continue;
    const netlink::KernelFact* fact = facts.find(need);
    if (fact == nullptr || fact->ok) continue;
    if (listed(out, need, fact->name + ": " + fact->why)) continue;
    out.push_back({need, entry.name, fact->name + ": " + fact->why, fact->remedy});
  }
}

}  // namespace

std::string to_text(const Missing& missing) {
  std::string text = missing.what.empty() ? missing.why : missing.what + ": " + missing.why;
  if (!missing.remedy.empty()) text += "; " + missing.remedy;
  return text;
}

Needs needs_of(const Scenario& scenario) {
  Needs needs = Needs::nothing;
  for (const Entry& entry : scenario.timeline) {
    if (entry.fault) needs |= entry.fault->needs(scenario.targets.at(entry.target));
  }
  if (has(needs, Needs::shaper) || has(needs, Needs::rate_limit)) needs |= netlink::kRungNeeds;
  return needs;
}

Engine engine_for(const Scenario& scenario, const netlink::KernelFacts& facts) {
  using Via = netlink::QueueTo::Via;
  const Needs needs = needs_of(scenario);
  const auto open_to = [&](ShapeEngine engine) {
    return scenario.engine.value_or(engine) == engine;
  };
  const bool any = has(needs, Needs::shaper) || has(needs, Needs::rate_limit);
  if (any && open_to(ShapeEngine::netem) && there(facts, Needs::netem)) {
    return {.kind = ShapeEngine::netem};
  }
  if (has(needs, Needs::shaper) && open_to(ShapeEngine::nfqueue)) {
    const bool nft = there(facts, Needs::nft_queue);
    return {.kind = ShapeEngine::nfqueue, .queue_via = nft ? Via::nft : Via::xtables};
  }
  return {.kind = ShapeEngine::none};
}

std::vector<Missing> preflight(const Scenario& scenario, const netlink::KernelFacts& facts) {
  std::vector<Missing> out;
  for (const Entry& entry : scenario.timeline) {
    if (!entry.fault) continue;
    const Target& target = scenario.targets.at(entry.target);
    const Where& where = where_of(scenario, target);
    const Needs needs = entry.fault->needs(target);
    // A named proxy takes its toxics from anybody.
    if (needs == Needs::proxy && where.kind == Where::Kind::host) continue;
    add_place(where, facts, out);
    add_needs(scenario, entry, needs, facts, out);
  }
  return out;
}

}  // namespace blackstart
