#pragma once

// Opening the resolver's sockets, and endpoints as the kernel takes them.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "blackstart/address.h"
#include "core/nameserver.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart {

// Room for IPv4 and IPv6 alike, and no more: one is kept for each question under way.
struct SocketAddress {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  };
  socklen_t length = 0;

  SocketAddress() : v6{} {}
};

SocketAddress to_socket_address(const Endpoint& endpoint, std::uint32_t scope = 0);
// IPv4 for ::ffff:192.0.2.1, which is how a listener of both families says it (RFC 4291, 2.5.5.2).
Endpoint to_endpoint(const SocketAddress& address);
Endpoint local_endpoint(int fd);  // getsockname(2)

// All sockets are close-on-exec and never block. Each of these throws std::system_error with
// the attempt, and opens in the namespace that the thread is in.

// On a wildcard address, messages carry the address that was asked (IP_PKTINFO); an IPv6
// socket takes IPv6 only.
UniqueFd open_udp_listener(const Endpoint& at);
UniqueFd open_tcp_listener(const Endpoint& at);

// Connected, so the kernel drops answers from elsewhere; bound to a port of the kernel's random
// choice. `mark` 0: none.
UniqueFd open_udp_to(const Nameserver& server, std::uint32_t mark);
// Not connected yet, since that takes time.
UniqueFd open_tcp_for(const Nameserver& server, std::uint32_t mark);

// The interface index of a link-local server's scope, in the thread's namespace; 0 without.
std::uint32_t scope_of(const Nameserver& server);

bool is_wildcard(const Address& address);

}  // namespace blackstart
