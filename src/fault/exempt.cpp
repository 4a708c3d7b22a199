#include "fault/exempt.h"

#include <algorithm>
#include <array>
#include <string>

#include "netlink/intervals.h"

namespace blackstart {
namespace {

using netlink::Expression;
using netlink::L4;
using netlink::Rule;
using netlink::Side;
using netlink::SocketInfo;

struct WayOfPackets {
  const char* chain;
  Side ours, theirs;
};
constexpr WayOfPackets kOut{"exempt_out", Side::source, Side::destination};
constexpr WayOfPackets kIn{"exempt_in", Side::destination, Side::source};

// What is forwarded is nobody's here.
const WayOfPackets* way_of(const netlink::Chain& chain) {
  if (chain.name == "fault_output" || chain.name == "fault_egress") return &kOut;
  if (chain.name == "fault_input" || chain.name == "fault_ingress") return &kIn;
  return chain.base && chain.name.starts_with("queue_") ? &kIn : nullptr;
}

Prefix alone(const Address& address) {
  return {address, static_cast<std::uint8_t>(address.v6 ? 128 : 32)};
}

netlink::MatchPort port(Side side, std::uint16_t port) {
  return {.side = side, .any_of = {{port, port}}};
}

Rule connection_rule(const SocketInfo& socket, const WayOfPackets& way) {
  return {{netlink::MatchPrefix{.side = way.theirs, .prefix = alone(socket.remote.address)},
           netlink::MatchPrefix{.side = way.ours, .prefix = alone(socket.local.address)},
           netlink::MatchL4{{L4::tcp}}, port(way.theirs, socket.remote.port),
           port(way.ours, socket.local.port), netlink::Accept{}},
          "the operator's own"};
}

// To it and from it: a packet over loopback goes out and comes in.
void add_endpoint(std::vector<Rule>& rules, const Endpoint& at, const netlink::MatchL4& protocols,
                  const char* whose) {
  for (const Side side : {Side::destination, Side::source}) {
    rules.push_back({{netlink::MatchPrefix{.side = side, .prefix = alone(at.address)}, protocols,
                      port(side, at.port), netlink::Accept{}},
                     whose});
  }
}

// The only rule that other packets meet: by the ports at our end.
Rule way_in(const Exemptions& exempt, const WayOfPackets& way) {
  std::vector<PortRange> ports;
  for (const SocketInfo& socket : exempt.connections) {
    ports.push_back({socket.local.port, socket.local.port});
  }
  return {{netlink::MatchL4{{L4::tcp}},
           netlink::MatchPort{.side = way.ours, .any_of = netlink::merged(std::move(ports))},
           netlink::Jump{way.chain}},
          {}};
}

std::vector<Rule> rules_of(const Exemptions& exempt, const WayOfPackets& way) {
  std::vector<Rule> rules;
  if (exempt.proxies && &way == &kIn) {
    rules.push_back(
        {{netlink::MatchMark{.mask = *exempt.proxies, .value = *exempt.proxies}, netlink::Accept{}},
         "our proxies"});
  }
  if (!exempt.connections.empty()) rules.push_back(way_in(exempt, way));
  for (const bool v6 : {false, true}) {
    const auto number = v6 ? exempt.resolver.v6 : exempt.resolver.v4;
    if (!number) continue;
    add_endpoint(rules, {*parse_address(v6 ? "::1" : "127.0.0.1"), *number}, {{L4::tcp, L4::udp}},
                 "our resolver");
  }
  for (const Endpoint& api : exempt.apis) {
    add_endpoint(rules, api, {{L4::tcp}}, "an API of proxies");
  }
  return rules;
}

void add_to(netlink::Table& table, const Exemptions& exempt, const WayOfPackets& way) {
  bool entered = false;
  for (netlink::Chain& chain : table.chains) {
    if (way_of(chain) != &way) continue;
    const std::vector<Rule> rules = rules_of(exempt, way);
    chain.rules.insert(chain.rules.begin(), rules.begin(), rules.end());
    entered = true;
  }
  if (!entered || exempt.connections.empty()) return;
  netlink::Chain& own = table.chains.emplace_back(netlink::Chain{.name = way.chain});
  for (const SocketInfo& socket : exempt.connections) {
    own.rules.push_back(connection_rule(socket, way));
  }
}

}  // namespace

void add_exemptions(netlink::Ruleset& ruleset, const Exemptions& exempt) {
  for (netlink::Table& table : ruleset.tables) {
    for (const WayOfPackets* way : {&kOut, &kIn}) add_to(table, exempt, *way);
  }
}

bool is_among(const SocketInfo& socket, const std::vector<SocketInfo>& exempt) {
  return std::ranges::any_of(exempt, [&](const SocketInfo& one) {
    return one.local == socket.local && one.remote == socket.remote;
  });
}

}  // namespace blackstart
