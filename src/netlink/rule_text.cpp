#include "netlink/rule_text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "netlink/intervals.h"

namespace blackstart::netlink {
namespace {

std::string hex(std::uint32_t value) {
  std::array<char, 11> text{};
  std::snprintf(text.data(), text.size(), "0x%08x", value);
  return text.data();
}

std::string quoted(std::string_view text) { return '"' + std::string{text} + '"'; }

std::string_view name_of(L4 protocol) {
  switch (protocol) {
    case L4::icmp:
      return "icmp";
    case L4::tcp:
      return "tcp";
    case L4::udp:
      return "udp";
    case L4::icmpv6:
      return "ipv6-icmp";
  }
  return {};
}

std::string_view side_of(Side side) { return side == Side::source ? "s" : "d"; }
std::string_view mark_of(MarkOf of) { return of == MarkOf::packet ? "meta mark" : "ct mark"; }

template <class Items, class Text>
std::string braced(const Items& items, Text text) {
  if (items.size() == 1) return std::string{text(items.front())};
  std::string out = "{ ";
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (i > 0) out += ", ";
    out += text(items[i]);
  }
  return out + " }";
}

std::string range_text(const PortRange& range) {
  const std::string first = std::to_string(range.first);
  return range.first == range.last ? first : first + '-' + std::to_string(range.last);
}

std::string code_text(const Reject& reject) {
  using Row = std::pair<std::uint8_t, std::string_view>;
  static constexpr std::array kIcmp{Row{0, "net-unreachable"},  Row{1, "host-unreachable"},
                                    Row{2, "prot-unreachable"}, Row{3, "port-unreachable"},
                                    Row{9, "net-prohibited"},   Row{10, "host-prohibited"},
                                    Row{13, "admin-prohibited"}};
  static constexpr std::array kIcmp6{Row{0, "no-route"},         Row{1, "admin-prohibited"},
                                     Row{3, "addr-unreachable"}, Row{4, "port-unreachable"},
                                     Row{5, "policy-fail"},      Row{6, "reject-route"}};
  static constexpr std::array kIcmpx{Row{0, "no-route"}, Row{1, "port-unreachable"},
                                     Row{2, "host-unreachable"}, Row{3, "admin-prohibited"}};
  const auto in = [&](const auto& rows) {
    const auto row = std::ranges::find(rows, reject.code, &Row::first);
    return row == rows.end() ? std::to_string(reject.code) : std::string{row->second};
  };
  switch (reject.with) {
    case Reject::With::tcp_reset:
      return "tcp reset";
    case Reject::With::icmp:
      return "icmp " + in(kIcmp);
    case Reject::With::icmpv6:
      return "icmpv6 " + in(kIcmp6);
    case Reject::With::icmpx:
      return "icmpx " + in(kIcmpx);
  }
  return {};
}

// Collects a rule's words. A match that only prepares another is left out once that follows.
class RuleText {
 public:
  explicit RuleText(Family family) : family_{family} {}

  std::string take(const std::string& comment) {
    if (!comment.empty()) add("comment " + quoted(comment));
    std::string out;
    for (const std::string& word : words_) {
      if (!out.empty() && !word.empty()) out += ' ';
      out += word;
    }
    return out;
  }

  void operator()(const MatchProtocolSet& match) { add("meta protocol @" + match.set); }
  void operator()(const MatchFamily& match) {
    if (family_seen_ == match.v6) return;
    family_seen_ = match.v6;
    family_word_ = words_.size();
    const char* inet = match.v6 ? "meta nfproto ipv6" : "meta nfproto ipv4";
    const char* netdev = match.v6 ? "meta protocol ip6" : "meta protocol ip";
    add(family_ == Family::inet ? inet : netdev);
  }
  void operator()(const MatchL4& match) {
    std::vector<L4> sorted = match.any_of;
    std::ranges::sort(sorted);
    if (sorted.size() == 1) {
      if (l4_seen_ == sorted.front()) return;
      l4_seen_ = sorted.front();
      // nft takes it for granted that ICMP's family is its own.
      if (l4_seen_ == L4::icmp) drop_family(false);
      if (l4_seen_ == L4::icmpv6) drop_family(true);
      l4_word_ = words_.size();
    }
    add("meta l4proto " + braced(sorted, name_of));
  }
  void operator()(const MatchUid& match) {
    add("meta skuid " + negation(match.equal) + std::to_string(match.uid));
  }
  void operator()(const MatchMark& match) {
    const std::string mark{mark_of(match.of)};
    if (match.mask == 0xffffffff) {
      return add(mark + ' ' + negation(match.equal) + hex(match.value));
    }
    add(mark + " & " + hex(match.mask) + (match.equal ? " == " : " != ") + hex(match.value));
  }
  void operator()(const MatchInterface& match) {
    const char* key = match.side == Side::source ? "iifname " : "oifname ";
    add(key + negation(match.equal) + quoted(match.name));
  }
  void operator()(const MatchPrefix& match) {
    add(address(match.side, match.prefix.address.v6) + negation(match.equal) +
        to_text(range_of(match.prefix)));
  }
  void operator()(const MatchAddressSet& match) {
    add(address(match.side, match.v6) + negation(match.equal) + '@' + match.set);
  }
  void operator()(const MatchPort& match) {
    add(port(match.side) + braced(match.any_of, range_text));
  }
  void operator()(const MatchSyn&) {
    (*this)(MatchL4{{L4::tcp}});
    drop_l4();
    add("tcp flags syn / fin,syn,rst,ack");
  }
  void operator()(const MatchPortSet& match) { add(port(match.side) + '@' + match.set); }
  void operator()(const MatchCgroup& match) {
    add("socket cgroupv2 level " + std::to_string(match.level) + ' ' +
        (match.path.empty() ? std::to_string(match.id) : quoted(match.path)));
  }
  void operator()(const MatchDirection& match) {
    add(match.direction == Direction::original ? "ct direction original" : "ct direction reply");
  }
  void operator()(const MatchState& match) {
    using Row = std::pair<CtState, std::string_view>;
    static constexpr std::array kStates{
        Row{CtState::invalid, "invalid"}, Row{CtState::fresh, "new"},
        Row{CtState::established, "established"}, Row{CtState::related, "related"}};
    std::string states;
    for (const auto& [state, name] : kStates) {
      if (std::ranges::find(match.any_of, state) == match.any_of.end()) continue;
      states += (states.empty() ? "" : ",") + std::string{name};
    }
    add("ct state " + states);
  }
  void operator()(const MatchRandom& match) {
    add("numgen random mod " + std::to_string(match.out_of) + " < " + std::to_string(match.share));
  }

  void operator()(const SetMark& set) {
    const std::string mark{mark_of(set.of)};
    if (set.mask == 0xffffffff) return add(mark + " set " + hex(set.value));
    // nft shows which bits may stay; those that are set anyway are among them.
    const std::uint32_t keep = ~set.mask | set.value;
    std::string text = mark + " set " + mark;
    if (keep != 0xffffffff) text += " & " + hex(keep);
    if (set.value != 0) text += " | " + hex(set.value);
    add(std::move(text));
  }
  void operator()(const CopyMark& copy) {
    add(copy.to == MarkOf::packet ? "meta mark set ct mark" : "ct mark set meta mark");
  }
  void operator()(const SetZone& set) { add("ct zone set " + std::to_string(set.zone)); }
  void operator()(const SetPacketType& set) {
    static constexpr std::array<std::string_view, 4> kNames{"host", "broadcast", "multicast",
                                                            "other"};
    add("meta pkttype set " + std::string{kNames[static_cast<std::size_t>(set.type)]});
  }
  void operator()(const Count& count) { add("counter name " + quoted(count.counter)); }
  void operator()(const CountHere&) { add("counter packets 0 bytes 0"); }

  void operator()(const Drop&) { add("drop"); }
  void operator()(const Accept&) { add("accept"); }
  void operator()(const Return&) { add("return"); }
  void operator()(const Jump& jump) { add("jump " + jump.chain); }
  void operator()(const Goto& to) { add("goto " + to.chain); }
  void operator()(const Reject& reject) {
    // A check of the family just before it belongs to the reject; an earlier one stays.
    const bool next_to = family_word_ && *family_word_ + 1 == words_.size();
    if (next_to && reject.with == Reject::With::icmp) drop_family(false);
    if (next_to && reject.with == Reject::With::icmpv6) drop_family(true);
    if (reject.with == Reject::With::tcp_reset) (*this)(MatchL4{{L4::tcp}});
    const bool usual = reject.with == Reject::With::icmpx && reject.code == 1;
    add(usual ? "reject" : "reject with " + code_text(reject));
  }
  void operator()(const ForwardTo& forward) { add("fwd to " + quoted(forward.device)); }
  void operator()(const RedirectTo& redirect) {
    add("redirect to :" + std::to_string(redirect.port));
  }
  void operator()(const QueueTo& queue) {
    add((queue.via == QueueTo::Via::nft ? "queue flags bypass to " : "queue num ") +
        std::to_string(queue.number) + (queue.via == QueueTo::Via::nft ? "" : " bypass"));
  }

 private:
  void add(std::string word) { words_.push_back(std::move(word)); }
  static std::string negation(bool equal) { return equal ? "" : "!= "; }

  // A match on `v6` makes the check for it superfluous.
  void need_family(bool v6) {
    drop_family(v6);
    family_seen_ = v6;
    family_word_.reset();
  }
  void drop_family(bool v6) {
    if (family_seen_ == v6 && family_word_) words_[*family_word_].clear();
  }
  void drop_l4() {
    if (l4_word_) words_[*l4_word_].clear();
    l4_word_.reset();
  }
  std::string address(Side side, bool v6) {
    need_family(v6);
    return (v6 ? "ip6 " : "ip ") + std::string{side_of(side)} + "addr ";
  }
  std::string port(Side side) {
    std::string protocol = "th";
    if (l4_seen_ == L4::tcp || l4_seen_ == L4::udp) {
      protocol = name_of(*l4_seen_);
      drop_l4();
    }
    return protocol + ' ' + std::string{side_of(side)} + "port ";
  }

  Family family_;
  std::vector<std::string> words_;
  std::optional<bool> family_seen_;
  std::optional<L4> l4_seen_;
  std::optional<std::size_t> family_word_, l4_word_;  // of a match not yet left out
};

}  // namespace

std::string rule_text(Family family, const Rule& rule) {
  RuleText text{family};
  for (const Expression& expression : rule.expressions) std::visit(text, expression);
  return text.take(rule.comment);
}

}  // namespace blackstart::netlink
