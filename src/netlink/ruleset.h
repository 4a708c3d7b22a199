#pragma once

// What must be in force, as one value: tables, their sets, counters, chains and rules.
//
// A Ruleset is plain data and knows nothing of the kernel. It has two renderings:
// ruleset_text.h prints it as `nft list ruleset` would, ruleset_messages.h turns it into the
// netlink messages that load it. Both add what nft itself would add (an IPv4 address in an
// inet or netdev table needs the family checked first, a TCP reset needs the protocol), so a
// rule says only what its author means.
//
// Rules that belong to a fault begin with MatchProtocolSet on the fault's own `armed` set: as
// long as that set is empty nothing matches. NftOwner::arm fills and empties such sets.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "blackstart/address.h"
#include "netlink/expressions.h"

namespace blackstart::netlink {

// The name of every table of ours, in both families. Being owned, it is the lock as well.
inline constexpr const char* kTableName = "blackstart";

// inet sees IPv4 and IPv6 packets of the whole namespace; netdev sees those of one device.
enum class Family : std::uint8_t { inet, netdev };

struct Rule {
  std::vector<Expression> expressions;  // from left to right; the first that fails ends it
  std::string comment{};                // up to 127 bytes without `"`; empty for none
};

enum class ChainType : std::uint8_t { filter, nat, route };

// As nft and the kernel both write them.
constexpr std::string_view nft_name(Family family) {
  return family == Family::inet ? "inet" : "netdev";
}
constexpr std::string_view nft_name(ChainType type) {
  constexpr std::string_view kNames[] = {"filter", "nat", "route"};
  return kNames[static_cast<int>(type)];
}

// prerouting…postrouting: inet. ingress and egress: netdev (egress from Linux 5.16).
enum class Hook : std::uint8_t { prerouting, input, forward, output, postrouting, ingress, egress };

// Where the kernel enters a chain. Its policy is always accept: a table of ours decides only
// about packets that one of its rules names.
struct BaseChain {
  ChainType type = ChainType::filter;
  Hook hook = Hook::output;
  std::int32_t priority = 0;           // lower comes first; conntrack is at -200
  std::vector<std::string> devices{};  // netdev only: at least one
};

// Without `base` it is entered only by Jump.
struct Chain {
  std::string name;
  std::optional<BaseChain> base{};
  std::vector<Rule> rules{};
};

enum class SetType : std::uint8_t { ipv4_addr, ipv6_addr, inet_service, ether_type };

enum class EtherType : std::uint16_t { ip = 0x0800, ip6 = 0x86dd };

using ElementValue = std::variant<AddressRange, PortRange, EtherType>;

// One member of a set. A value that is a real range (first < last) needs an interval set.
struct SetElement {
  ElementValue value;
  std::chrono::milliseconds timeout{0};  // zero: stays; otherwise the set needs `timeouts`
};

// A named set. With `interval` the elements must be disjoint and in rising order, which
// merged() (netlink/intervals.h) sees to; neighbours that touch must be merged. An interval
// set may hold 0.0.0.0/0.
struct Set {
  std::string name;
  SetType type = SetType::ipv4_addr;
  bool interval = false;
  bool timeouts = false;
  std::vector<SetElement> elements{};
};

// The set of a fault: filled by NftOwner::arm with `ip` and `ip6`, empty when loaded.
inline Set armed_set(std::string name) {
  return {.name = std::move(name),
          .type = SetType::ether_type,
          .interval = false,
          .timeouts = true,
          .elements = {}};
}

// A named counter; rules add to it with Count.
struct Counter {
  std::string name;
};

// Names within a table: letters, digits and `_`, beginning with a letter, up to 31 bytes.
struct Table {
  Family family = Family::inet;
  std::string name = kTableName;
  bool owned = true;  // vanishes with the socket that made it (Linux 5.12)
  std::vector<Counter> counters{};
  std::vector<Set> sets{};
  std::vector<Chain> chains{};
};

struct Ruleset {
  std::vector<Table> tables;
};

}  // namespace blackstart::netlink
