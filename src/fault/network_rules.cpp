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

// What an engine on devices does; the rest is for queues.
NetworkSpec device_part(const NetworkSpec& spec, ShapeEngine engine) {
  return engine == ShapeEngine::nfqueue ? spec.for_device().only_rate() : spec.for_device();
}

NetworkSpec added_up(const NetworkSpec& one, const NetworkSpec& other) {
  return {.from = combine(one.from, other.from),
          .to = combine(one.to, other.to),
          .direction = one.direction};
}

void add_out(RuleBook& book, const Selected& selected, const NetworkSpec& spec,
             const NetworkSpec& device) {
  const std::vector<Matches> matches = selected_out(book, selected);
  book.add_sets(selected.target, At::egress);
  if (const double share = spec.loss_by_rule(); share > 0.0) {
    book.out().swallows = true;
    lose(book, At::egress, matches, share, netlink::ForwardTo{kSwallowDevice});
  }
  if (device.needs_device()) book.shape(At::egress, device, selected.target, matches);
}

void add_in(RuleBook& book, const Selected& selected, const NetworkSpec& spec,
            const NetworkSpec& device) {
  const bool process = by_process(selected.target);
  const Place place{process ? At::input : At::ingress, Side::source};
  book.count(selected, place);
  const std::vector<Matches> matches = selections(selected.target, book.set_names(), Side::source,
                                                  L4Part::all, process, selected.cgroup);
  if (const double share = spec.loss_by_rule(); share > 0.0) {
    lose(book, place.at, matches, share, netlink::Drop{});
  }
  if (device.needs_device() && !process) {
    book.shape(At::ingress, device, selected.target, matches);
  }
}

// Selections there, by the interface that a packet comes in by.
std::vector<Matches> coming_in(RuleBook& book, const Selected& selected, Side side, bool by_lo) {
  std::vector<Matches> out =
      selections(selected.target, book.set_names(), side, L4Part::all, false, std::nullopt);
  for (Matches& matches : out) {
    matches.insert(matches.begin(),
                   netlink::MatchInterface{.side = Side::source, .name = "lo", .equal = by_lo});
  }
  return out;
}

void add_queues(RuleBook& book, const Selected& selected, const NetworkSpec& spec) {
  const NetworkSpec part = spec.for_device().but_rate();
  if (!part.needs_device()) return;
  const bool out = spec.direction != TrafficDirection::in;
  const bool in = spec.direction != TrafficDirection::out;
  const NetworkSpec all = out && in ? added_up(part, part) : part;
  if (by_process(selected.target)) {
    book.shape(At::queue_process, all, selected.target,
               selections(selected.target, book.set_names(), Side::source, L4Part::all, true,
                          selected.cgroup));
    return;
  }
  if (out) {
    book.shape(At::queue_to_lo, part, selected.target,
               coming_in(book, selected, Side::destination, true));
  }
  if (in) {
    book.shape(At::queue_from_lo, part, selected.target,
               coming_in(book, selected, Side::source, true));
  }
  book.shape(At::queue_from, all, selected.target, coming_in(book, selected, Side::source, false));
}

}  // namespace

void add_network_rules(RuleBook& book, const Target& target, const NetworkSpec& spec) {
  const Selected selected = book.select(target);
  const ShapeEngine engine = book.out().engine;
  const NetworkSpec in = device_part(spec, engine);
  const bool doubled = spec.direction == TrafficDirection::both && by_process(target);
  const NetworkSpec out = doubled ? added_up(in, in) : in;
  if (spec.direction != TrafficDirection::in) add_out(book, selected, spec, out);
  if (spec.direction != TrafficDirection::out) add_in(book, selected, spec, in);
  if (engine == ShapeEngine::nfqueue) add_queues(book, selected, spec);
}

}  // namespace blackstart
