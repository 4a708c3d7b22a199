// What a partition does to packets (compiler.h has the table and the reasons).

#include "fault/rule_book.h"

namespace blackstart {
namespace {

using netlink::Side;

constexpr Place kOutput{At::output, Side::destination};
constexpr Place kEgress{At::egress, Side::destination};

netlink::MatchMark marked(std::uint32_t bit) { return {.mask = bit, .value = bit}; }
netlink::SetMark set_mark(std::uint32_t bit) { return {.mask = bit, .value = bit}; }

netlink::Reject reject_with(PartitionHow how, L4Part part) {
  using With = netlink::Reject::With;
  if (how == PartitionHow::unreachable) return {.with = With::icmpx, .code = 2};
  return part == L4Part::tcp ? netlink::Reject{.with = With::tcp_reset, .code = 0}
                             : netlink::Reject{.with = With::icmpx, .code = 1};
}

void drop_out(RuleBook& book, const Selected& selected) {
  book.out().swallows = true;
  const netlink::ForwardTo swallow{kSwallowDevice};
  if (!selected.cgroup) {
    book.count(selected, kEgress);
    book.add(selected, kEgress, Stage::partition, L4Part::all, swallow);
    return;
  }
  const std::uint32_t bit = book.out().marks.swallow();
  book.count(selected, kOutput);
  book.add(selected, kOutput, Stage::partition, L4Part::all, set_mark(bit));
  book.add_rule(At::egress, Stage::partition, {marked(bit)}, swallow);
}

// What local processes send and that must be answered.
void answer_out(RuleBook& book, const Selected& selected, PartitionHow how) {
  book.out().answers = true;
  book.set_rejects();
  book.count(selected, kOutput);
  const bool reset = how == PartitionHow::reset;
  if (reset) {
    book.add(selected, kOutput, Stage::partition, L4Part::tcp, reject_with(how, L4Part::tcp));
  }
  const MarkBits& marks = book.out().marks;
  const std::uint32_t bit = reset ? marks.port_unreachable() : marks.host_unreachable();
  book.add(selected, kOutput, Stage::partition, reset ? L4Part::rest : L4Part::all, set_mark(bit));
  book.add_rule(At::egress, Stage::partition, {marked(bit)},
                netlink::ForwardTo{reset ? kPortAnswerDevice : kHostAnswerDevice});
}

void reject(RuleBook& book, const Selected& selected, PartitionHow how, Place place) {
  book.set_rejects();
  book.count(selected, place);
  for (const L4Part part : {L4Part::tcp, L4Part::rest}) {
    book.add(selected, place, Stage::partition, part, reject_with(how, part));
  }
}

void add_out(RuleBook& book, const Selected& selected, PartitionHow how) {
  if (how == PartitionHow::drop) return drop_out(book, selected);
  answer_out(book, selected, how);
  if (!by_process(selected.target)) reject(book, selected, how, {At::forward, Side::destination});
}

void add_in(RuleBook& book, const Selected& selected, PartitionHow how) {
  const bool process = by_process(selected.target);
  if (how == PartitionHow::drop) {
    const Place place{process ? At::input : At::ingress, Side::source};
    book.count(selected, place);
    book.add(selected, place, Stage::partition, L4Part::all, netlink::Drop{});
    return;
  }
  reject(book, selected, how, {At::input, Side::source});
  if (!process) reject(book, selected, how, {At::forward, Side::source});
}

}  // namespace

void add_partition_rules(RuleBook& book, const Target& target, const PartitionSpec& spec) {
  const Selected selected = book.select(target);
  if (spec.direction != TrafficDirection::in) add_out(book, selected, spec.how);
  if (spec.direction != TrafficDirection::out) add_in(book, selected, spec.how);
  if (spec.cut_existing) book.out().cuts.push_back({book.current().entry, target});
}

}  // namespace blackstart
