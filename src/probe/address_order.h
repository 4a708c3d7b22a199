#pragma once

// Which address of a name to try first.

#include <vector>

#include "blackstart/address.h"
#include "probe/host.h"

namespace blackstart {

// As getaddrinfo orders them, in short (RFC 6724, rules 1 and 6): those that have a route from
// the host's namespace first, IPv6 before IPv4, otherwise as they came.
std::vector<Address> order_addresses(const ProbeHost& host, std::vector<Address> addresses);

}  // namespace blackstart
