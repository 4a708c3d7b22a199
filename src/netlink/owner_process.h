#pragma once

// Which process holds a netlink socket.

#include <cstdint>
#include <optional>

namespace blackstart::netlink {

// A process that holds the netfilter socket with this port, in the calling thread's network
// namespace; the lowest number where several do. nullopt where /proc shows none: it may
// belong to another user, or to a process that this PID namespace does not see.
std::optional<int> process_with_port(std::uint32_t port);

}  // namespace blackstart::netlink
