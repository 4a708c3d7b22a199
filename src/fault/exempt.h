#pragma once

// What no fault touches, whatever its target says: the operator's own connections, the way between
// applications and our resolver, the APIs by which a run controls proxies, and what our proxies
// hand on to applications.
//
// The rules stand before those of every fault and are in force while the tables are loaded. A
// packet that has none of the ports costs one comparison of ports, and nothing where there is
// nothing to exempt. Their `accept` is about our tables alone: other tables still see the packet.
//
// An exempt connection is known by its addresses and ports on the wire. One that this machine
// translates to another port (a redirect of 2222 to 22) is not known at the devices; nor are the
// packets of a tunnel that carries it.

#include <optional>
#include <vector>

#include "fault/redirect.h"
#include "netlink/ruleset.h"
#include "netlink/sock_diag.h"

namespace blackstart {

struct Exemptions {
  std::vector<netlink::SocketInfo> connections{};  // of TCP
  DnsPorts resolver{};           // packets to and from these ports of 127.0.0.1 and ::1
  std::vector<Endpoint> apis{};  // of proxies that entries name: packets of TCP to and from them
  // Of what our proxies send: to their clients it is from the target, which has been met before.
  std::optional<std::uint32_t> proxies{};
};

// Adds the rules to each chain that entries have rules in.
void add_exemptions(netlink::Ruleset& ruleset, const Exemptions& exempt);

// Whether it is one of them: the same two ends.
bool is_among(const netlink::SocketInfo& socket, const std::vector<netlink::SocketInfo>& exempt);

}  // namespace blackstart
