#include "run/preflight.h"

#include <algorithm>
#include <array>
#include <optional>

namespace blackstart {
namespace {

// What no kernel can give, since this program does not have it.
struct NotBuilt {
  Needs need;
  const char* why;
  const char* remedy;
};

constexpr std::array kNotBuilt{
    NotBuilt{Needs::proxy, "this version has no proxy for stream toxics",
             "use `partition` or `dns` faults"},
};

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

// What several engines can do is missing where none of them is there; each says why.
struct Alternatives {
  Needs need;
  std::vector<Needs> any_of;
};
const std::array kAlternatives{
    Alternatives{Needs::shaper, {Needs::netem, Needs::nft_queue, Needs::compat_queue}},
    Alternatives{Needs::rate_limit, {Needs::netem, Needs::rate_limit}},
};

void add_alternatives(const Entry& entry, Needs needs, const netlink::KernelFacts& facts,
                      std::vector<Missing>& out) {
  for (const Alternatives& one : kAlternatives) {
    if (!has(needs, one.need)) continue;
    if (std::ranges::any_of(one.any_of, [&](Needs need) { return there(facts, need); })) continue;
    for (const Needs need : one.any_of) {
      const netlink::KernelFact& fact = *facts.find(need);
      const std::string why = fact.name + ": " + fact.why;
      if (!listed(out, need, why)) out.push_back({need, entry.name, why, fact.remedy});
    }
  }
}

void add_needs(const Entry& entry, Needs needs, const netlink::KernelFacts& facts,
               std::vector<Missing>& out) {
  for (const NotBuilt& one : kNotBuilt) {
    if (has(needs, one.need) && !listed(out, one.need, one.why)) {
      out.push_back({one.need, entry.name, one.why, one.remedy});
    }
  }
  add_alternatives(entry, needs, facts, out);
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

Engine best_engine(const netlink::KernelFacts& facts) {
  using Via = netlink::QueueTo::Via;
  if (there(facts, Needs::netem)) return {.kind = ShapeEngine::netem};
  if (there(facts, Needs::nft_queue)) return {.kind = ShapeEngine::nfqueue, .queue_via = Via::nft};
  if (there(facts, Needs::compat_queue)) {
    return {.kind = ShapeEngine::nfqueue, .queue_via = Via::xtables};
  }
  return {.kind = ShapeEngine::none};
}

std::string engine_name(ShapeEngine engine) {
  switch (engine) {
    case ShapeEngine::netem:
      return "netem";
    case ShapeEngine::nfqueue:
      return "nfqueue";
    case ShapeEngine::none:
      break;
  }
  return "nftables";
}

std::vector<Missing> preflight(const Scenario& scenario, const netlink::KernelFacts& facts) {
  std::vector<Missing> out;
  for (const Entry& entry : scenario.timeline) {
    if (!entry.fault) continue;
    const Target& target = scenario.targets.at(entry.target);
    add_place(where_of(scenario, target), facts, out);
    add_needs(entry, entry.fault->needs(target), facts, out);
  }
  return out;
}

}  // namespace blackstart
