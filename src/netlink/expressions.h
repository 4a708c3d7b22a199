#pragma once

// What a rule is made of: matches that end the rule when they fail, statements that act, and
// verdicts. Each is a plain struct; each comment gives the form that nft prints.

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "blackstart/address.h"

namespace blackstart::netlink {

// From `first` to `last`, both included, of one family.
struct AddressRange {
  Address first, last;

  auto operator<=>(const AddressRange&) const = default;
};

enum class Side : std::uint8_t { source, destination };
enum class L4 : std::uint8_t { icmp = 1, tcp = 6, udp = 17, icmpv6 = 58 };

// The mark of the packet (`meta mark`) or of its connection (`ct mark`).
enum class MarkOf : std::uint8_t { packet, connection };

// --- matches ------------------------------------------------------------------------------

// meta protocol @armed_3: the packet's ether type is in a set of ether types.
struct MatchProtocolSet {
  std::string set;
};

// meta nfproto ipv4 (inet), meta protocol ip (netdev). Matches on addresses bring it along.
struct MatchFamily {
  bool v6 = false;
};

// meta l4proto tcp, meta l4proto { tcp, udp }. At least one.
struct MatchL4 {
  std::vector<L4> any_of;
};

// meta skuid 1000: the owner of the sending socket. Only where there is one: inet output and
// postrouting, netdev egress.
struct MatchUid {
  std::uint32_t uid = 0;
  bool equal = true;
};

// meta mark & 0x0000ff00 == 0x00000300. `value` lies within `mask`.
struct MatchMark {
  MarkOf of = MarkOf::packet;
  std::uint32_t mask = 0xffffffff;
  std::uint32_t value = 0;
  bool equal = true;
};

// iifname "eth0" (source), oifname "eth0" (destination).
struct MatchInterface {
  Side side = Side::destination;
  std::string name;
  bool equal = true;
};

// ip daddr 10.0.0.0/8, ip6 saddr ::1. A prefix of length zero matches the whole family.
struct MatchPrefix {
  Side side = Side::destination;
  Prefix prefix;
  bool equal = true;  // false: of the same family, and outside the prefix
};

// ip daddr @zone_a, ip6 daddr @zone_a6.
struct MatchAddressSet {
  Side side = Side::destination;
  bool v6 = false;
  std::string set;
  bool equal = true;
};

// tcp dport 443, udp sport 8000-8100, th dport { 53, 853 }: after a MatchL4 of one protocol
// that has ports it is written with that protocol's name. At least one; several must be
// disjoint, in rising order and not touching.
struct MatchPort {
  Side side = Side::destination;
  std::vector<PortRange> any_of;
};

// tcp flags syn / fin,syn,rst,ack: what opens a connection of TCP, and nothing else does.
struct MatchSyn {};

// th dport @ports: a named set of type inet_service.
struct MatchPortSet {
  Side side = Side::destination;
  std::string set;
};

// socket cgroupv2 level 2 "user.slice/wallet": only in inet prerouting, input and output.
// `id` is the inode number of the cgroup's folder, `path` its path below the cgroup root.
struct MatchCgroup {
  std::uint32_t level = 1;  // depth below the root: 1 for "user.slice"
  std::uint64_t id = 0;
  std::string path;
};

// ct direction original.
enum class Direction : std::uint8_t { original = 0, reply = 1 };
struct MatchDirection {
  Direction direction = Direction::original;
};

// ct state established,related.
enum class CtState : std::uint8_t { invalid = 1, established = 2, related = 4, fresh = 8 };
struct MatchState {
  std::vector<CtState> any_of;  // fresh prints as `new`
};

// numgen random mod 10000 < 500: of `out_of` packets `share` match, drawn anew for each.
struct MatchRandom {
  std::uint32_t out_of = 10'000;
  std::uint32_t share = 0;
};

// --- statements ---------------------------------------------------------------------------

// meta mark set meta mark & 0xffff00ff | 0x00000300: only the bits of `mask` change.
struct SetMark {
  MarkOf of = MarkOf::packet;
  std::uint32_t mask = 0xffffffff;
  std::uint32_t value = 0;
};

// ct mark set meta mark, meta mark set ct mark: the whole mark, others' bits included. To
// carry a bit range only, use one rule of MatchMark and SetMark for each value.
struct CopyMark {
  MarkOf to = MarkOf::connection;
};

// ct zone set 7: before conntrack has seen the packet (priority below -200), nowhere else.
struct SetZone {
  std::uint16_t zone = 0;
};

// meta pkttype set host.
enum class PacketType : std::uint8_t { host = 0, broadcast = 1, multicast = 2, other = 3 };
struct SetPacketType {
  PacketType type = PacketType::host;
};

// counter name "dns_0": adds to a named counter of the same table.
struct Count {
  std::string counter;
};

// counter packets 0 bytes 0: the rule's own.
struct CountHere {};

// --- verdicts -----------------------------------------------------------------------------

struct Drop {};
struct Accept {};
struct Return {};
struct Jump {
  std::string chain;
};
// Never comes back: what follows the rule that entered this chain is not looked at.
struct Goto {
  std::string chain;
};

// reject with tcp reset; reject with icmp host-unreachable; … icmpv6 …; icmpx …. The first
// brings the check for TCP along, the second and third that for their family.
struct Reject {
  enum class With : std::uint8_t { tcp_reset, icmp, icmpv6, icmpx };

  With with = With::icmpx;
  // icmp: 0 net, 1 host, 2 protocol, 3 port, 9 net-prohibited, 10 host-prohibited, 13
  // admin-prohibited. icmpv6: 0 no-route, 1 admin-prohibited, 3 addr, 4 port, 5
  // policy-fail, 6 reject-route. icmpx: 0 no-route, 1 port, 2 host, 3 admin-prohibited.
  std::uint8_t code = 1;
};

// fwd to "bs0": netdev only; the packet goes out there and nowhere else. The device must
// exist when the ruleset is loaded.
struct ForwardTo {
  std::string device;
};

// redirect to :5353: nat chains of prerouting and output, after a match of the protocol.
struct RedirectTo {
  std::uint16_t port = 0;
};

// queue flags bypass to 7: to the program that has bound queue `number`, which decides what
// becomes of the packet (netlink/nfqueue.h). While nobody has bound it, the packet passes.
// inet only, and never in netdev chains. Kernels without the nft expression have the xtables
// target more often; nft_compat takes it in an inet table, too (Linux 6.18), and nft prints it as
// `queue num 7 bypass`, with a warning that the table is iptables'.
struct QueueTo {
  enum class Via : std::uint8_t { nft, xtables };

  std::uint16_t number = 0;
  Via via = Via::nft;
};

using Expression = std::variant<MatchProtocolSet, MatchFamily, MatchL4, MatchUid, MatchMark,
                                MatchInterface, MatchPrefix, MatchAddressSet, MatchPort, MatchSyn,
                                MatchPortSet, MatchCgroup, MatchDirection, MatchState, MatchRandom,
                                SetMark, CopyMark, SetZone, SetPacketType, Count, CountHere, Drop,
                                Accept, Return, Jump, Goto, Reject, ForwardTo, RedirectTo, QueueTo>;

}  // namespace blackstart::netlink
