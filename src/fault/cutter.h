#pragma once

// Ends established connections when a partition with `cut_existing` comes on.

#include <cstddef>
#include <map>
#include <string>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "netlink/sock_diag.h"

namespace blackstart {

// Which local addresses are on which interface: the kernel's sockets know only addresses.
using AddressInterfaces = std::multimap<Address, std::string>;
AddressInterfaces address_interfaces();  // of the calling thread's namespace

// Whether a TCP connection of this namespace is one to the target, seen from its local end.
bool is_connection_to(const netlink::SocketInfo& socket, const Target& target,
                      const std::optional<CgroupId>& cgroup, const AddressInterfaces& interfaces);

// Ends all that match, in the calling thread's namespace; both ends of those within it. Returns
// how many. Throws std::system_error.
std::size_t cut_connections(const Target& target);

}  // namespace blackstart
