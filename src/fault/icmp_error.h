#pragma once

// The ICMP error that a router would answer a packet with.

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "blackstart/address.h"

namespace blackstart {

enum class Unreachable : std::uint8_t {
  host,  // ICMP 3/1; ICMPv6 1/3 (address unreachable)
  port   // ICMP 3/3; ICMPv6 1/4
};

struct IcmpError {
  Address to;                       // who sent the packet
  std::vector<std::uint8_t> bytes;  // from the IP header on, checksums included
};

// `packet` is an IPv4 or IPv6 packet from its header on; it may be cut short. The error comes
// from the address that the packet was sent to, and carries as much of it as may be carried
// (RFC 1812, 4.3.2.3: 576 bytes in all; RFC 4443, 3.1: 1,280). nullopt where no error may be
// sent: for an ICMP error, a fragment but the first, several receivers, no single sender, or
// bytes that are no packet.
std::optional<IcmpError> icmp_error_for(std::span<const std::uint8_t> packet, Unreachable what);

}  // namespace blackstart
