#pragma once

// Ends established connections when a fault with `cut_existing` comes on.

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "netlink/sock_diag.h"

namespace blackstart {

// Which local addresses are on which interface: the kernel's sockets know only addresses.
using AddressInterfaces = std::multimap<Address, std::string>;
AddressInterfaces address_interfaces();  // of the calling thread's namespace

// Whether a TCP connection of this namespace is one to the target, seen from its local end.
// `followed`: what the target's names stand for.
bool is_connection_to(const netlink::SocketInfo& socket, const Target& target,
                      const std::optional<CgroupId>& cgroup, const AddressInterfaces& interfaces,
                      const std::set<Address>& followed = {});

// Whether a connection from this machine to that listening socket would be one to the target.
bool is_listener_of(const netlink::SocketInfo& socket, const Target& target,
                    const std::optional<CgroupId>& cgroup, const AddressInterfaces& interfaces,
                    const std::set<Address>& followed = {});

// The same connection as its other end has it.
netlink::SocketInfo other_end(netlink::SocketInfo socket);

// Ends all that match, in the calling thread's namespace; both ends of those within it. Returns
// how many. Of a target with names only those to `followed`, the addresses that these stand for.
// Those in `spared` go on. `served`: also those that others have to a target that listens here.
// Throws std::system_error.
std::size_t cut_connections(const Target& target, const std::set<Address>& followed = {},
                            const std::vector<netlink::SocketInfo>& spared = {},
                            bool served = false);

// Remote addresses of all sockets that are connected or about to be, in the calling thread's
// namespace.
std::set<Address> connected_addresses();

}  // namespace blackstart
