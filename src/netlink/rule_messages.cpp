#include "netlink/rule_messages.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netinet/tcp.h>

#include <array>
#include <optional>
#include <stdexcept>

#include "netlink/intervals.h"
#include "netlink/nft_expressions.h"
#include "netlink/nft_numbers.h"

namespace blackstart::netlink {
namespace {

// Where the addresses stand in the network header.
struct AddressField {
  std::uint32_t source, destination, length;
};
constexpr AddressField kIPv4{12, 16, 4};  // RFC 791, 3.1
constexpr AddressField kIPv6{8, 24, 16};  // RFC 8200, 3

// The kernel wants a name's place by itself; it is filled in when the set exists.
constexpr std::string_view kAnonymousName = "__set%d";

nft_cmp_ops op_of(bool equal) { return equal ? NFT_CMP_EQ : NFT_CMP_NEQ; }

// Translates one rule, left to right, and remembers what its matches have already settled.
class RuleWriter {
 public:
  RuleWriter(Family family, MessageWriter& out, std::uint32_t& next_set_id,
             const InterfaceIndex& interface_index)
      : family_{family}, out_{out}, next_set_id_{next_set_id}, interface_index_{interface_index} {}

  std::vector<AnonymousSet> take_sets() { return std::move(sets_); }

  void operator()(const MatchProtocolSet& match) {
    out_.load_meta(NFT_META_PROTOCOL);
    out_.look_up(match.set, 0, true);
  }
  void operator()(const MatchFamily& match) { need_family(match.v6); }
  void operator()(const MatchL4& match) {
    if (match.any_of.empty()) throw std::invalid_argument{"a match of no protocol"};
    if (match.any_of.size() == 1) return need_l4(match.any_of.front());
    out_.load_meta(NFT_META_L4PROTO);
    sets_.push_back({next_set_id_++, match.any_of, {}});
    out_.look_up(kAnonymousName, sets_.back().id, true);
  }
  void operator()(const MatchUid& match) {
    out_.load_meta(NFT_META_SKUID);
    out_.compare(op_of(match.equal), match.uid);
  }
  void operator()(const MatchMark& match) {
    load_mark(match.of);
    if (match.mask != 0xffffffff) combine(match.mask, 0);
    out_.compare(op_of(match.equal), match.value);
  }
  void operator()(const MatchInterface& match) {
    std::array<char, IFNAMSIZ> name{};
    if (match.name.empty() || match.name.size() >= name.size()) {
      throw std::invalid_argument{"not a name of an interface: " + match.name};
    }
    match.name.copy(name.data(), name.size());
    out_.load_meta(match.side == Side::source ? NFT_META_IIFNAME : NFT_META_OIFNAME);
    out_.compare(op_of(match.equal), name);
  }
  void operator()(const MatchPrefix& match) {
    const Address& address = match.prefix.address;
    const std::size_t whole = address.v6 ? 16 : 4;
    const std::size_t bits = match.prefix.length;
    // A prefix of whole bytes is compared by those; any other, and that of length 0, by mask.
    const bool cut = bits % 8 == 0 && bits > 0;
    const std::size_t size = cut ? bits / 8 : whole;
    load_address(match.side, address.v6, static_cast<std::uint32_t>(size));
    const auto bytes = std::as_bytes(std::span{address.bytes});
    if (!cut) {
      const Address zero{address.v6, {}};
      Address mask = range_of(Prefix{zero, match.prefix.length}).last;
      for (std::uint8_t& byte : mask.bytes) byte = static_cast<std::uint8_t>(~byte);
      out_.combine(std::as_bytes(std::span{mask.bytes}).first(size),
                   std::as_bytes(std::span{zero.bytes}).first(size));
    }
    out_.compare(op_of(match.equal), bytes.first(size));
  }
  void operator()(const MatchAddressSet& match) {
    load_address(match.side, match.v6, match.v6 ? 16 : 4);
    out_.look_up(match.set, 0, match.equal);
  }
  void operator()(const MatchPort& match) {
    if (match.any_of.empty()) throw std::invalid_argument{"a match of no port"};
    load_port(match.side);
    if (match.any_of.size() > 1) {
      sets_.push_back({next_set_id_++, {}, match.any_of});
      return out_.look_up(kAnonymousName, sets_.back().id, true);
    }
    const PortRange ports = match.any_of.front();
    if (ports.first == ports.last) return out_.compare(NFT_CMP_EQ, big_endian(ports.first));
    out_.compare(NFT_CMP_GTE, big_endian(ports.first));
    out_.compare(NFT_CMP_LTE, big_endian(ports.last));
  }
  void operator()(const MatchSyn&) {
    constexpr std::uint8_t kMask = TH_FIN | TH_SYN | TH_RST | TH_ACK, kFlip = 0, kSyn = TH_SYN;
    need_l4(L4::tcp);
    out_.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, 13, 1);  // RFC 9293, 3.1
    out_.combine(std::as_bytes(std::span{&kMask, 1}), std::as_bytes(std::span{&kFlip, 1}));
    out_.compare(NFT_CMP_EQ, kSyn);
  }
  void operator()(const MatchPortSet& match) {
    load_port(match.side);
    out_.look_up(match.set, 0, true);
  }
  void operator()(const MatchCgroup& match) {
    out_.load_cgroup(match.level);
    out_.compare(NFT_CMP_EQ, match.id);
  }
  void operator()(const MatchDirection& match) {
    out_.load_ct(NFT_CT_DIRECTION);
    out_.compare(NFT_CMP_EQ, static_cast<std::uint8_t>(match.direction));
  }
  void operator()(const MatchState& match) {
    std::uint32_t states = 0;
    for (const CtState state : match.any_of) states |= static_cast<std::uint32_t>(state);
    out_.load_ct(NFT_CT_STATE);
    combine(states, 0);
    out_.compare(NFT_CMP_NEQ, std::uint32_t{0});
  }
  void operator()(const MatchRandom& match) {
    out_.load_random(match.out_of);
    out_.to_network_order(sizeof match.share);  // the comparison is of bytes
    out_.compare(NFT_CMP_LT, big_endian(match.share));
  }

  void operator()(const SetMark& set) {
    if (set.mask == 0xffffffff) {
      out_.load_value(std::as_bytes(std::span{&set.value, 1}));
    } else {
      load_mark(set.of);
      combine(~set.mask, set.value);
    }
    store_mark(set.of);
  }
  void operator()(const CopyMark& copy) {
    load_mark(copy.to == MarkOf::packet ? MarkOf::connection : MarkOf::packet);
    store_mark(copy.to);
  }
  void operator()(const SetZone& set) {
    out_.load_value(std::as_bytes(std::span{&set.zone, 1}));
    out_.set_ct(NFT_CT_ZONE);
  }
  void operator()(const SetPacketType& set) {
    const auto type = static_cast<std::uint8_t>(set.type);
    out_.load_value(std::as_bytes(std::span{&type, 1}));
    out_.set_meta(NFT_META_PKTTYPE);
  }
  void operator()(const Count& count) { out_.count_in(count.counter); }
  void operator()(const CountHere&) { out_.count(); }

  void operator()(const Drop&) { out_.verdict(NF_DROP); }
  void operator()(const Accept&) { out_.verdict(NF_ACCEPT); }
  void operator()(const Return&) { out_.verdict(NFT_RETURN); }
  void operator()(const Jump& jump) { out_.verdict(NFT_JUMP, jump.chain); }
  void operator()(const Goto& to) { out_.verdict(NFT_GOTO, to.chain); }
  void operator()(const Reject& reject) {
    switch (reject.with) {
      case Reject::With::tcp_reset:
        need_l4(L4::tcp);
        return out_.reject(NFT_REJECT_TCP_RST, 0);
      case Reject::With::icmp:
        need_family(false);
        return out_.reject(NFT_REJECT_ICMP_UNREACH, reject.code);
      case Reject::With::icmpv6:
        need_family(true);
        return out_.reject(NFT_REJECT_ICMP_UNREACH, reject.code);
      case Reject::With::icmpx:
        return out_.reject(NFT_REJECT_ICMPX_UNREACH, reject.code);
    }
  }
  void operator()(const ForwardTo& forward) {
    const std::uint32_t index = interface_index_(forward.device);
    out_.load_value(std::as_bytes(std::span{&index, 1}));
    out_.forward();
  }
  void operator()(const RedirectTo& redirect) {
    const std::uint16_t port = big_endian(redirect.port);
    out_.load_value(std::as_bytes(std::span{&port, 1}));
    out_.redirect();
  }
  void operator()(const QueueTo& queue) {
    if (family_ != Family::inet) throw std::invalid_argument{"a queue outside of an inet table"};
    queue.via == QueueTo::Via::nft ? out_.queue(queue.number) : out_.xtables_queue(queue.number);
  }

 private:
  void need_family(bool v6) {
    if (known_v6_ == v6) return;
    known_v6_ = v6;
    if (family_ == Family::inet) {
      out_.load_meta(NFT_META_NFPROTO);
      out_.compare(NFT_CMP_EQ, static_cast<std::uint8_t>(v6 ? NFPROTO_IPV6 : NFPROTO_IPV4));
    } else {
      const EtherType type = v6 ? EtherType::ip6 : EtherType::ip;
      out_.load_meta(NFT_META_PROTOCOL);
      out_.compare(NFT_CMP_EQ, big_endian(static_cast<std::uint16_t>(type)));
    }
  }
  void need_l4(L4 protocol) {
    if (known_l4_ == protocol) return;
    known_l4_ = protocol;
    out_.load_meta(NFT_META_L4PROTO);
    out_.compare(NFT_CMP_EQ, static_cast<std::uint8_t>(protocol));
  }
  void load_address(Side side, bool v6, std::uint32_t length) {
    need_family(v6);
    const AddressField& field = v6 ? kIPv6 : kIPv4;
    out_.load_payload(NFT_PAYLOAD_NETWORK_HEADER,
                      side == Side::source ? field.source : field.destination, length);
  }
  void load_port(Side side) {
    out_.load_payload(NFT_PAYLOAD_TRANSPORT_HEADER, side == Side::source ? 0 : 2, 2);
  }
  void load_mark(MarkOf of) {
    of == MarkOf::packet ? out_.load_meta(NFT_META_MARK) : out_.load_ct(NFT_CT_MARK);
  }
  void store_mark(MarkOf of) {
    of == MarkOf::packet ? out_.set_meta(NFT_META_MARK) : out_.set_ct(NFT_CT_MARK);
  }
  void combine(std::uint32_t mask, std::uint32_t flip) {
    out_.combine(std::as_bytes(std::span{&mask, 1}), std::as_bytes(std::span{&flip, 1}));
  }

  Family family_;
  Instructions out_;
  std::uint32_t& next_set_id_;
  const InterfaceIndex& interface_index_;
  std::vector<AnonymousSet> sets_;
  std::optional<bool> known_v6_;
  std::optional<L4> known_l4_;
};

// A comment is user data of nft: a type (0), a length and a text with its zero byte.
void put_comment(MessageWriter& out, const std::string& comment) {
  if (comment.empty()) return;
  if (comment.size() > 127) throw std::invalid_argument{"a comment is too long: " + comment};
  std::string data{'\0', static_cast<char>(comment.size() + 1)};
  data += comment;
  data += '\0';
  out.put(NFTA_RULE_USERDATA, std::as_bytes(std::span{data}));
}

}  // namespace

RuleMessage rule_message(const Table& table, const Chain& chain, const Rule& rule,
                         std::uint32_t& next_set_id, const InterfaceIndex& interface_index) {
  MessageWriter out = nft_message(NFT_MSG_NEWRULE, table.family, NLM_F_CREATE | NLM_F_APPEND);
  out.put(NFTA_RULE_TABLE, table.name);
  out.put(NFTA_RULE_CHAIN, chain.name);
  RuleMessage message;
  {
    const auto expressions = out.nest(NFTA_RULE_EXPRESSIONS);
    RuleWriter writer{table.family, out, next_set_id, interface_index};
    for (const Expression& expression : rule.expressions) std::visit(writer, expression);
    message.sets = writer.take_sets();
  }
  put_comment(out, rule.comment);
  message.rule = out.take();
  return message;
}

}  // namespace blackstart::netlink
