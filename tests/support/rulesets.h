#pragma once

// A ruleset that uses everything a Ruleset can say, for tests that compare its renderings.

#include <string>
#include <vector>

#include "netlink/intervals.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

inline Prefix prefix(const std::array<std::uint8_t, 4>& bytes, std::uint8_t length) {
  Prefix out{{false, {}}, length};
  std::copy(bytes.begin(), bytes.end(), out.address.bytes.begin());
  return out;
}

// From the first bytes; the others are zero, but for the last.
inline Prefix prefix6(const std::vector<std::uint8_t>& first, std::uint8_t length,
                      std::uint8_t last = 0) {
  Prefix out{{true, {}}, length};
  std::copy(first.begin(), first.end(), out.address.bytes.begin());
  out.address.bytes[15] = last;
  return out;
}

inline Set prefix_set(std::string name, std::vector<Prefix> prefixes, bool v6 = false) {
  return {.name = std::move(name),
          .type = v6 ? SetType::ipv6_addr : SetType::ipv4_addr,
          .interval = true,
          .timeouts = false,
          .elements = interval_elements(prefixes, v6)};
}

inline std::vector<Set> sets_of_every_type() {
  using namespace std::chrono_literals;
  const SetElement port{PortRange{53, 53}, 0ms}, ports{PortRange{8000, 8100}, 0ms},
      last_ports{PortRange{65000, 65535}, 0ms};
  const SetElement host{range_of(prefix({10, 0, 0, 7}, 32)), 90min};
  return {
      armed_set("armed"),
      prefix_set("none", {}),
      prefix_set("zones", {prefix({10, 0, 0, 0}, 8), prefix({192, 168, 0, 0}, 24),
                           prefix({192, 168, 1, 0}, 24), prefix({192, 168, 2, 0}, 24),
                           prefix({172, 16, 9, 9}, 32), prefix({255, 0, 0, 0}, 8)}),
      prefix_set("everything", {prefix({0, 0, 0, 0}, 0)}),
      prefix_set("zones6", {prefix6({0xfe, 0x80}, 10), prefix6({0x20, 0x01, 0x0d, 0xb8}, 33)},
                 true),
      prefix_set("everything6", {prefix6({}, 0)}, true),
      {"hosts", SetType::ipv4_addr, false, true, {host}},
      {"ports", SetType::inet_service, true, false, {port, ports, last_ports}},
      {"single_ports", SetType::inet_service, false, false, {port}},
  };
}

inline std::vector<Rule> matching_rules() {
  const Prefix ten = prefix({10, 0, 0, 0}, 8), odd = prefix({10, 0, 0, 0}, 12),
               one = prefix({10, 0, 0, 1}, 32), all = prefix({0, 0, 0, 0}, 0);
  const Prefix doc = prefix6({0x20, 0x01, 0x0d, 0xb8}, 32),
               half = prefix6({0x20, 0x01, 0x0d, 0xb8}, 33), local6 = prefix6({}, 128, 1);
  return {
      {{MatchProtocolSet{"armed"}, MatchPrefix{Side::destination, ten}, MatchL4{{L4::tcp}},
        MatchPort{Side::destination, {{443, 443}}}, Count{"hits"}},
       "entry 3: us-east-1 is gone"},
      {{MatchProtocolSet{"armed"}, MatchFamily{false}, CountHere{}}, ""},
      {{MatchProtocolSet{"armed"}, MatchFamily{true}, MatchL4{{L4::icmpv6}}, CountHere{}}, ""},
      {{MatchFamily{false}, MatchL4{{L4::icmp}}, CountHere{}}, ""},
      {{MatchFamily{false}, MatchL4{{L4::icmpv6}}, CountHere{}}, ""},
      {{MatchFamily{true}, MatchL4{{L4::udp}}, MatchPort{Side::destination, {{53, 53}}}}, ""},
      {{MatchFamily{true}, MatchPrefix{Side::source, half}}, ""},
      {{MatchPrefix{Side::destination, one}, MatchPrefix{Side::source, ten}}, ""},
      {{MatchPrefix{Side::source, odd, false}, MatchPrefix{Side::destination, all}}, ""},
      {{MatchPrefix{Side::destination, doc}, MatchPrefix{Side::source, local6, false}}, ""},
      {{MatchAddressSet{Side::destination, false, "zones"},
        MatchAddressSet{Side::source, false, "hosts", false}},
       ""},
      {{MatchAddressSet{Side::destination, true, "zones6"}, MatchL4{{L4::tcp}},
        MatchPortSet{Side::destination, "ports"}},
       ""},
      {{MatchL4{{L4::udp}}, MatchPrefix{Side::destination, ten},
        MatchPort{Side::source, {{8000, 8100}}}},
       ""},
      {{MatchL4{{L4::udp, L4::tcp}}, MatchPort{Side::destination, {{53, 53}, {853, 853}}}}, ""},
      {{MatchL4{{L4::icmp, L4::icmpv6, L4::tcp}}, CountHere{}}, ""},
      {{MatchL4{{L4::udp}}, MatchPort{Side::destination, {{53, 53}, {9000, 9010}}}}, ""},
      {{MatchL4{{L4::tcp}}, CountHere{}}, ""},
      {{MatchL4{{L4::icmp}}, CountHere{}}, ""},
      {{MatchInterface{Side::destination, "eth0"}, MatchInterface{Side::source, "lo", false}}, ""},
      {{MatchMark{MarkOf::packet, 0xff00, 0x300}, MatchMark{MarkOf::connection, 0xff00, 0, false}},
       ""},
      {{MatchMark{MarkOf::packet, 0xffffffff, 5}, SetMark{MarkOf::packet, 0xffffffff, 0x77}}, ""},
      {{MatchSyn{}, CountHere{}}, ""},
      {{MatchL4{{L4::tcp}}, MatchPrefix{Side::destination, ten},
        MatchPort{Side::destination, {{443, 443}}}, MatchSyn{}},
       ""},
      {{MatchRandom{10'000, 500}, CountHere{}}, ""},
  };
}

inline std::vector<Rule> acting_rules() {
  return {
      {{MatchUid{1000}, SetMark{MarkOf::packet, 0xff00, 0x300}}, ""},
      {{MatchUid{1000, false}, SetMark{MarkOf::connection, 0xff00, 0x300}}, ""},
      {{SetMark{MarkOf::packet, 0xff00, 0}}, ""},
      {{SetMark{MarkOf::packet, 1, 1}}, ""},
      {{CopyMark{MarkOf::connection}}, ""},
      {{CopyMark{MarkOf::packet}}, ""},
      {{MatchDirection{Direction::reply}, CountHere{}}, ""},
      {{MatchState{{CtState::related, CtState::established}}, CountHere{}}, ""},
      {{MatchState{{CtState::fresh}}, CountHere{}}, ""},
      {{SetZone{7}}, ""},
      {{MatchCgroup{1, 1, ""}, CountHere{}}, ""},
      {{MatchL4{{L4::tcp}}, MatchPort{Side::destination, {{80, 80}}},
        Reject{Reject::With::tcp_reset, 0}},
       ""},
      {{Reject{Reject::With::tcp_reset, 0}}, ""},
      {{MatchProtocolSet{"armed"}, MatchL4{{L4::tcp}}, MatchUid{7}, Count{"hits"},
        Reject{Reject::With::tcp_reset, 0}},
       ""},
      {{Reject{Reject::With::icmp, 1}}, ""},
      {{MatchFamily{true}, MatchUid{7}, Count{"hits"}, Reject{Reject::With::icmpv6, 0}}, ""},
      {{MatchUid{7}, MatchFamily{true}, Reject{Reject::With::icmpv6, 0}}, ""},
      {{Reject{Reject::With::icmpv6, 0}}, ""},
      {{Reject{Reject::With::icmpx, 1}}, ""},
      {{Reject{Reject::With::icmpx, 3}}, ""},
      {{MatchPrefix{Side::destination, prefix({10, 0, 0, 0}, 8)}, Reject{Reject::With::icmp, 13}},
       ""},
      {{Jump{"plain"}}, "go there"},
      {{MatchMark{MarkOf::packet, 3, 1}, Return{}}, ""},
      {{MatchMark{MarkOf::packet, 3, 2}, Drop{}}, ""},
      {{Accept{}}, ""},
  };
}

inline Table every_inet_table() {
  const MatchL4 both{{L4::tcp, L4::udp}};
  const MatchPort dns{Side::destination, {{53, 53}}};
  return {
      .family = Family::inet,
      .name = kTableName,
      .owned = true,
      .counters = {{"hits"}, {"other_hits"}},
      .sets = sets_of_every_type(),
      .chains = {{"zone", BaseChain{ChainType::filter, Hook::prerouting, -300, {}}, {}},
                 {"pre",
                  BaseChain{ChainType::filter, Hook::prerouting, -145, {}},
                  {{{SetPacketType{PacketType::host}}, ""}}},
                 {"match", BaseChain{ChainType::filter, Hook::input, 0, {}}, matching_rules()},
                 {"act", BaseChain{ChainType::route, Hook::output, -299, {}}, acting_rules()},
                 {"dns",
                  BaseChain{ChainType::nat, Hook::output, -100, {}},
                  {{{MatchProtocolSet{"armed"}, both, dns, Count{"hits"}, RedirectTo{5353}}, ""},
                   {{MatchL4{{L4::udp}}, dns, RedirectTo{5353}}, ""}}},
                 {"last", BaseChain{ChainType::filter, Hook::postrouting, 105, {}}, {}},
                 {"plain", std::nullopt, {}}},
  };
}

// Needs devices called v1 and bs0.
inline Table every_netdev_table() {
  const Prefix ten = prefix({10, 0, 0, 0}, 8);
  const MatchL4 tcp{{L4::tcp}};
  const MatchPort https{Side::destination, {{443, 443}}};
  return {
      .family = Family::netdev,
      .name = kTableName,
      .owned = true,
      .counters = {{"hits"}},
      .sets = sets_of_every_type(),
      .chains = {{"out",
                  BaseChain{ChainType::filter, Hook::egress, 0, {"lo", "v1"}},
                  {{{MatchProtocolSet{"armed"}, MatchPrefix{Side::destination, ten}, tcp, https,
                     Count{"hits"}, ForwardTo{"bs0"}},
                    "entry 1"},
                   {{MatchProtocolSet{"armed"}, MatchAddressSet{Side::destination, true, "zones6"},
                     MatchRandom{100, 5}, ForwardTo{"bs0"}},
                    ""},
                   {{MatchFamily{false}, CountHere{}}, ""},
                   {{MatchInterface{Side::destination, "v1"}, ForwardTo{"bs0"}}, ""}}},
                 {"in",
                  BaseChain{ChainType::filter, Hook::ingress, -5, {"v1"}},
                  {{{MatchPrefix{Side::source, ten}, Drop{}}, ""},
                   {{tcp, https, Drop{}}, ""},
                   {{SetPacketType{PacketType::other}}, ""}}}},
  };
}

// Needs a device called v1.
inline Table netdev_table_that_rejects() {
  const MatchPort https{Side::destination, {{443, 443}}};
  return {
      .family = Family::netdev,
      .name = kTableName,
      .owned = true,
      .chains = {{"in",
                  BaseChain{ChainType::filter, Hook::ingress, -5, {"v1"}},
                  {{{MatchL4{{L4::tcp}}, https, Reject{Reject::With::tcp_reset, 0}}, ""},
                   {{Reject{Reject::With::icmp, 1}}, ""}}}},
  };
}

}  // namespace blackstart::netlink
