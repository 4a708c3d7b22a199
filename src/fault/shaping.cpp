#include "fault/shaping.h"
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "blackstart/limits.h"
#include "netlink/expressions.h"
#include "netlink/intervals.h"

namespace blackstart {
namespace {

bool overlap(const netlink::AddressRange& one, const netlink::AddressRange& other) {
  return one.first.v6 == other.first.v6 && one.first <= other.last && other.first <= one.last;
}

bool share_an_address(const Target& one, const Target& other) {
  if (one.prefixes().empty() || other.prefixes().empty()) return true;
  const auto these = netlink::merged(one.prefixes()), those = netlink::merged(other.prefixes());
  for (auto a = these.begin(), b = those.begin(); a != these.end() && b != those.end();) {
    if (overlap(*a, *b)) return true;
    ++(a->last < b->last ? a : b);
  }
  return false;
}

bool share_a_port(const Target& one, const Target& other) {
  if (one.port.empty() || other.port.empty()) return true;
  return std::ranges::any_of(one.port, [&](const PortRange& range) {
    return std::ranges::any_of(other.port, [&](const PortRange& second) {
      return range.first <= second.last && second.first <= range.last;
    });
  });
}

// Grows the tree below one combination at a time, depth first.
class TreeMaker {
 public:
  TreeMaker(std::span<const ShapedEntry> entries, TrafficDirection way, const ShapedLeaves& leaves)
      : entries_{entries}, way_{way}, leaves_{leaves}, next_{leaves.first} {}

  ShapedTree make() {
    out_.root = branches({}, 0);
    return std::move(out_);
  }

 private:
  using Combination = std::vector<std::size_t>;  // indexes, rising

  bool fits(const Combination& combination, const ShapedEntry& next) const {
    return std::ranges::all_of(combination, [&](std::size_t index) {
      const ShapedEntry& one = entries_[index];
      return one.begin < next.end && next.begin < one.end && may_meet(*one.target, *next.target);
    });
  }

  std::vector<netlink::Rule> branches(const Combination& combination, std::size_t from) {
    std::vector<netlink::Rule> rules;
    for (std::size_t next = from; next < entries_.size(); ++next) {
      if (entries_[next].selections.empty() || !fits(combination, entries_[next])) continue;
      Combination longer = combination;
      longer.push_back(next);
      const std::string chain = add_class(longer);
      for (const Matches& selection : entries_[next].selections) {
        netlink::Rule rule{.expressions = selection, .comment = {}};
        rule.expressions.push_back(netlink::Goto{chain});
        rules.push_back(std::move(rule));
      }
    }
    return rules;
  }

  // Returns the name of its chain.
  std::string add_class(const Combination& combination) {
    if (out_.classes.size() == limits::shaped_classes_max) {
      throw std::runtime_error{
          "the network faults of this timeline meet on the same packets in more than " +
          std::to_string(limits::shaped_classes_max) +
          " combinations; let fewer of them overlap, or give them targets that don't"};
    }
    ShapedClass made{.entries = {}, .specs = {}, .way = way_, .device = {}, .queue = 0};
    const unsigned number = next_++;
    if (leaves_.queues) {
      made.queue = static_cast<std::uint16_t>(number);
    } else {
      made.device = "bs" + std::to_string(number);
    }
    for (const std::size_t index : combination) {
      made.entries.push_back(entries_[index].entry);
      made.specs.push_back(entries_[index].spec);
    }
    netlink::Chain chain{
        .name = "to_" + (leaves_.queues ? "queue_" + std::to_string(number) : made.device),
        .base = std::nullopt,
        .rules = {}};
    out_.classes.push_back(made);
    chain.rules = branches(combination, combination.back() + 1);
    chain.rules.push_back({{leaf(made)}, {}});
    out_.chains.push_back(chain);
    return chain.name;
  }

  netlink::Expression leaf(const ShapedClass& made) const {
    if (leaves_.queues) return netlink::QueueTo{made.queue, *leaves_.queues};
    return netlink::ForwardTo{made.device};
  }

  std::span<const ShapedEntry> entries_;
  TrafficDirection way_;
  ShapedLeaves leaves_;
  unsigned next_;
  ShapedTree out_;
};

}  // namespace

double NetworkSpec::loss_by_rule() const {
  const bool single = from.burst == 1.0 && to.burst == 1.0;
  return single && from.loss == to.loss ? from.loss : 0.0;
}

NetworkSpec NetworkSpec::for_device() const {
  NetworkSpec rest = *this;
  if (loss_by_rule() > 0.0) rest.from.loss = rest.to.loss = 0.0;
  return rest;
}

NetworkSpec NetworkSpec::only_rate() const {
  NetworkSpec out{.from = {}, .to = {}, .direction = direction};
  out.from.rate = from.rate;
  out.to.rate = to.rate;
  return out;
}

NetworkSpec NetworkSpec::but_rate() const {
  NetworkSpec out = *this;
  out.from.rate.reset();
  out.to.rate.reset();
  return out;
}

bool NetworkSpec::needs_device() const {
  const NetworkSpec rest = for_device();
  return !rest.from.nothing() || !rest.to.nothing();
}

bool ShapedClass::has(std::uint32_t entry) const {
  return std::ranges::find(entries, entry) != entries.end();
}

Impairment ShapedClass::impairment(const std::map<std::uint32_t, double>& progress) const {
  Impairment all;
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const auto found = progress.find(entries[i]);
    const double come = found == progress.end() ? 0.0 : found->second;
    all = combine(all, between(specs[i].from, specs[i].to, come));
  }
  return all;
}

bool may_meet(const Target& one, const Target& other) {
  if (one.protocol && other.protocol && *one.protocol != *other.protocol) return false;
  if (!one.interface.empty() && !other.interface.empty() && one.interface != other.interface) {
    return false;
  }
  if (one.uid && other.uid && *one.uid != *other.uid) return false;
  return share_an_address(one, other) && share_a_port(one, other);
}

ShapedTree shape_tree(std::span<const ShapedEntry> entries, TrafficDirection way,
                      const ShapedLeaves& leaves) {
  return TreeMaker{entries, way, leaves}.make();
}

}  // namespace blackstart
