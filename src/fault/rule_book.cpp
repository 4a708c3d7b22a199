#include "fault/rule_book.h"

#include <algorithm>
#include <iterator>
#include <stdexcept>
#include <utility>
#include <variant>

#include "netlink/rule_text.h"

namespace blackstart {
namespace {

using netlink::Family;

struct ChainRow {
  At at;
  Family family;
  const char* name;
  netlink::Hook hook;  // of inet; chains of netdev are entered from those that hang on devices
  std::int32_t priority;
  TrafficDirection way = TrafficDirection::both;  // of what is shaped there
  netlink::ChainType type = netlink::ChainType::filter;
};

// Output comes late, when nobody else will change the mark any more; the rest at 0.
constexpr std::array kChains{
    ChainRow{At::output, Family::inet, "fault_output", netlink::Hook::output, 300},
    ChainRow{At::input, Family::inet, "fault_input", netlink::Hook::input, 0},
    ChainRow{At::forward, Family::inet, "fault_forward", netlink::Hook::forward, 0},
    // Before conntrack, which would make an entry for each of several first packets that wait; and
    // one after the other, since a packet over loopback may be to a target and from one.
    ChainRow{At::queue_to_lo, Family::inet, "queue_to_lo", netlink::Hook::prerouting, -312,
             TrafficDirection::out},
    ChainRow{At::queue_from_lo, Family::inet, "queue_from_lo", netlink::Hook::prerouting, -311,
             TrafficDirection::in},
    ChainRow{At::queue_from, Family::inet, "queue_from", netlink::Hook::prerouting, -310},
    ChainRow{At::queue_process, Family::inet, "queue_process", netlink::Hook::input, -310},
    // After the redirect of questions, before Docker's and everybody else's at -100: the first NAT
    // rule decides, and what applications ask for is what targets say.
    ChainRow{At::proxy_output, Family::inet, "proxy_output", netlink::Hook::output, -145,
             TrafficDirection::both, netlink::ChainType::nat},
    ChainRow{At::proxy_prerouting, Family::inet, "proxy_prerouting", netlink::Hook::prerouting,
             -145, TrafficDirection::both, netlink::ChainType::nat},
    ChainRow{At::egress, Family::netdev, kEgressChain, netlink::Hook::egress, 0,
             TrafficDirection::out},
    ChainRow{At::ingress, Family::netdev, kIngressChain, netlink::Hook::ingress, 0,
             TrafficDirection::in},
};

const ChainRow& row_of(At at) { return kChains[static_cast<std::size_t>(at)]; }

// Whether packets of the family can match.
bool may_match(const netlink::Rule& rule, bool v6) {
  return std::ranges::none_of(rule.expressions, [v6](const netlink::Expression& one) {
    const auto* family = std::get_if<netlink::MatchFamily>(&one);
    const auto* prefix = std::get_if<netlink::MatchPrefix>(&one);
    const auto* set = std::get_if<netlink::MatchAddressSet>(&one);
    return (family && family->v6 != v6) || (prefix && prefix->prefix.address.v6 != v6) ||
           (set && set->v6 != v6);
  });
}

// Whether `acting` begins with all that `counting` matches on.
bool begins_with(Family family, const netlink::Rule& acting, const netlink::Rule& counting) {
  const auto matches = std::ssize(counting.expressions) - 1;
  if (std::ssize(acting.expressions) < matches) return false;
  const auto text = [&](const netlink::Rule& rule) {
    const auto from = rule.expressions.begin();
    return netlink::rule_text(family, {.expressions = {from, from + matches}});
  };
  return text(acting) == text(counting);
}

// Lets the first rule that acts on packets of a family count them as well, where both rules look
// for the same: all that was counted still reaches it, and is looked up once.
void fold(Family family, std::vector<netlink::Rule>& counting, std::vector<netlink::Rule>& acting) {
  std::array<bool, 2> acted{};
  for (netlink::Rule& act : acting) {
    const auto count = std::ranges::find_if(counting, [&](const netlink::Rule& rule) {
      return !(acted[0] && may_match(rule, false)) && !(acted[1] && may_match(rule, true)) &&
             begins_with(family, act, rule);
    });
    if (count != counting.end()) {
      const auto matches = std::ssize(count->expressions) - 1;
      act.expressions.insert(act.expressions.begin() + matches, count->expressions.back());
      counting.erase(count);
    }
    for (const bool v6 : {false, true}) acted[v6] = acted[v6] || may_match(act, v6);
  }
}

}  // namespace

Family family_of(At at) { return row_of(at).family; }

void RuleBook::begin(const EntryToCompile& entry) {
  entry_ = entry;
  const std::string number = std::to_string(entry.entry);
  out_.entries.push_back(
      {.entry = entry.entry, .armed = "armed_" + number, .counter = "entry_" + number, .lost = {}});
}

Selected RuleBook::select(const Target& target) {
  std::optional<CgroupId> cgroup;
  if (!target.cgroup.empty()) {
    cgroup = options_.cgroup(target.cgroup);
    if (!cgroup) throw std::runtime_error{"there is no cgroup '" + target.cgroup + "'"};
  }
  if (!target.interface.empty()) out_.interfaces.push_back(target.interface);
  return {target, std::move(cgroup)};
}

SelectorNames RuleBook::set_names() {
  return {current().counter + "_v4", current().counter + "_v6"};
}

void RuleBook::add_sets(const Target& target, At at) {
  auto& sets = sets_[family_of(at)];
  for (netlink::Set& set : selector_sets(target, set_names())) {
    if (std::ranges::find(sets, set.name, &netlink::Set::name) == sets.end()) {
      sets.push_back(std::move(set));
    }
  }
}

void RuleBook::add_rule(At at, Stage stage, Matches matches, netlink::Expression action) {
  (family_of(at) == Family::inet ? current().inet : current().netdev) = true;
  matches.insert(matches.begin(), netlink::MatchProtocolSet{current().armed});
  matches.push_back(std::move(action));
  rules_[at][stage].push_back({.expressions = std::move(matches), .comment = {}});
}

void RuleBook::add(const Selected& selected, Place place, Stage stage, L4Part part,
                   const netlink::Expression& action) {
  const bool process = place.at != At::forward && place.at != At::ingress;
  for (Matches& matches :
       selections(selected.target, set_names(), place.side, part, process, selected.cgroup)) {
    add_rule(place.at, stage, std::move(matches), action);
  }
  add_sets(selected.target, place.at);
}

void RuleBook::count(const Selected& selected, Place place) {
  add(selected, place, Stage::count, L4Part::all, netlink::Count{current().counter});
}

void RuleBook::shape(At at, const NetworkSpec& spec, const Target& target,
                     std::vector<Matches> selections) {
  (family_of(at) == Family::inet ? current().inet : current().netdev) = true;
  add_sets(target, at);
  for (Matches& matches : selections) {
    matches.insert(matches.begin(), netlink::MatchProtocolSet{current().armed});
  }
  shaped_[at].push_back({.entry = entry_.entry,
                         .target = &target,
                         .spec = spec,
                         .begin = entry_.begin,
                         .end = entry_.end,
                         .selections = std::move(selections)});
}

netlink::Chain RuleBook::chain(At at) {
  const ChainRow& row = row_of(at);
  netlink::Chain chain{.name = row.name, .base = std::nullopt, .rules = {}};
  if (row.family == Family::inet) {
    chain.base = netlink::BaseChain{
        .type = row.type, .hook = row.hook, .priority = row.priority, .devices = {}};
  }
  std::vector<netlink::Rule> acting;
  for (auto& [stage, rules] : rules_[at]) {
    std::ranges::move(rules, std::back_inserter(stage == Stage::count ? chain.rules : acting));
  }
  std::ranges::move(shaping_[at], std::back_inserter(acting));
  fold(row.family, chain.rules, acting);
  std::ranges::move(acting, std::back_inserter(chain.rules));
  const bool inet_filter = row.family == Family::inet && row.type == netlink::ChainType::filter;
  if (!chain.rules.empty() && rejects_ && inet_filter) {
    chain.rules.insert(chain.rules.begin(),
                       {{netlink::MatchState{{netlink::CtState::related}}, netlink::Accept{}},
                        "what answers a rejection"});
  }
  return chain;
}

void RuleBook::add_tree(At at, std::vector<netlink::Chain>& chains) {
  const bool queue = family_of(at) == Family::inet;
  unsigned& used = queue ? queues_ : devices_;
  ShapedLeaves leaves{.first = used + (queue ? kFirstQueue : kFirstShapingDevice)};
  if (queue) leaves.queues = options_.engine.queue_via;
  ShapedTree tree = shape_tree(shaped_[at], row_of(at).way, leaves);
  used += static_cast<unsigned>(tree.classes.size());
  if (queue && !tree.root.empty()) {
    const std::uint32_t ours = out_.marks.ours();
    tree.root.insert(tree.root.begin(),
                     {{netlink::MatchMark{.mask = ours, .value = ours}, netlink::Accept{}},
                      "a copy that we have sent"});
  }
  shaping_[at] = std::move(tree.root);
  std::ranges::move(tree.chains, std::back_inserter(chains));
  std::ranges::move(tree.classes, std::back_inserter(out_.classes));
}

netlink::Table RuleBook::table(Family family) {
  netlink::Table table{.family = family,
                       .name = netlink::kTableName,
                       .owned = true,
                       .counters = {},
                       .sets = {},
                       .chains = {}};
  for (const CompiledEntry& entry : out_.entries) {
    if (!(family == Family::inet ? entry.inet : entry.netdev)) continue;
    table.counters.push_back({entry.counter});
    if (!entry.lost.empty()) table.counters.push_back({entry.lost});
    table.sets.push_back(netlink::armed_set(entry.armed));
  }
  std::ranges::move(sets_[family], std::back_inserter(table.sets));
  for (const ChainRow& row : kChains) {
    if (row.family == family && shaped_.contains(row.at)) add_tree(row.at, table.chains);
  }
  for (const ChainRow& row : kChains) {
    if (row.family != family) continue;
    netlink::Chain made = chain(row.at);
    if (!made.rules.empty()) table.chains.push_back(std::move(made));
  }
  return table;
}

CompiledEntries RuleBook::finish() {
  for (const Family family : {Family::inet, Family::netdev}) {
    netlink::Table made = table(family);
    if (!made.chains.empty()) out_.ruleset.tables.push_back(std::move(made));
  }
  return std::move(out_);
}

}  // namespace blackstart
