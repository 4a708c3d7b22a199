// What a `network` fault does to packets: a rule for loss of single ones, a device for the rest.

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <utility>

#include "fault/rule_book.h"

namespace blackstart {
namespace {

using netlink::Side;

constexpr Place kOutput{At::output, Side::destination};
constexpr Place kEgress{At::egress, Side::destination};
constexpr std::uint32_t kOutOf = 1'000'000;

// The mark bit that stands for a cgroup at egress, where nobody can ask for it.
std::uint32_t mark_of(RuleBook& book, const std::string& cgroup) {
  auto& known = book.out().marked_cgroups;
  auto found = std::ranges::find(known, cgroup);
  if (found == known.end()) {
    if (known.size() == MarkBits::kCgroups) {
      throw std::runtime_error{"network faults select by more than " +
                               std::to_string(MarkBits::kCgroups) + " cgroups"};
    }
    found = known.insert(known.end(), cgroup);
  }
  return book.out().marks.cgroup(static_cast<std::size_t>(found - known.begin()));
}

// What the target selects at egress; what it takes is added in output.
std::vector<Matches> selected_out(RuleBook& book, const Selected& selected) {
  if (!selected.cgroup) {
    book.count(selected, kEgress);
    return selections(selected.target, book.set_names(), Side::destination, L4Part::all, true,
                      std::nullopt);
  }
  const std::uint32_t bit = mark_of(book, selected.target.cgroup);
  book.count(selected, kOutput);
  book.add(selected, kOutput, Stage::lose, L4Part::all,
           netlink::SetMark{.mask = bit, .value = bit});
  return {{netlink::MatchMark{.mask = bit, .value = bit}}};
}

// Counts what it loses.
void lose(RuleBook& book, At at, std::vector<Matches> selections, double share,
          const netlink::Expression& action) {
  const auto of = static_cast<std::uint32_t>(std::lround(share * kOutOf));
  CompiledEntry& entry = book.current();
  entry.lost = "lost_" + std::to_string(entry.entry);
  for (Matches& matches : selections) {
    matches.push_back(netlink::MatchRandom{.out_of = kOutOf, .share = std::max(of, 1u)});
    matches.push_back(netlink::Count{entry.lost});
    book.add_rule(at, Stage::lose, std::move(matches), action);
  }
}

void add_out(RuleBook& book, const Selected& selected, const NetworkSpec& spec,
             const NetworkSpec& device) {
  const std::vector<Matches> matches = selected_out(book, selected);
  if (const double share = spec.loss_by_rule(); share > 0.0) {
    book.out().swallows = true;
    lose(book, At::egress, matches, share, netlink::ForwardTo{kSwallowDevice});
  }
  if (device.needs_device()) {
    book.shape(TrafficDirection::out, device, selected.target, matches);
  }
}

void add_in(RuleBook& book, const Selected& selected, const NetworkSpec& spec) {
  const bool process = by_process(selected.target);
  const Place place{process ? At::input : At::ingress, Side::source};
  book.count(selected, place);
  const std::vector<Matches> matches = selections(selected.target, book.set_names(), Side::source,
                                                  L4Part::all, process, selected.cgroup);
  if (const double share = spec.loss_by_rule(); share > 0.0) {
    lose(book, place.at, matches, share, netlink::Drop{});
  }
  if (spec.needs_device() && !process) {
    book.shape(TrafficDirection::in, spec.for_device(), selected.target, matches);
  }
}

}  // namespace

void add_network_rules(RuleBook& book, const Target& target, const NetworkSpec& spec) {
  const Selected selected = book.select(target);
  NetworkSpec out = spec.for_device();
  if (spec.direction == TrafficDirection::both && by_process(target)) {
    out.from = combine(out.from, out.from);
    out.to = combine(out.to, out.to);
  }
  if (spec.direction != TrafficDirection::in) add_out(book, selected, spec, out);
  if (spec.direction != TrafficDirection::out) add_in(book, selected, spec);
}

}  // namespace blackstart
