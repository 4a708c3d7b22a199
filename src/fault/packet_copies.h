#pragma once

// Sends packets a second time.

#include <cstdint>
#include <span>

#include "sys/fd.h"

namespace blackstart {

// Raw sockets that send an IP packet as it stands, whoever its sender was. What is addressed to
// this host comes in by lo, what is not leaves as its routes say; either way it passes the output
// hooks first. Needs CAP_NET_RAW. Packets longer than the way's MTU are not sent.
class PacketCopies {
 public:
  // In the calling thread's network namespace. What is sent bears `mark`.
  explicit PacketCopies(std::uint32_t mark);

  // `interface`: that the original came in by, which tells link-local addresses apart. False
  // where the kernel refused it: no route, too long, no IPv6.
  bool send(std::span<const std::byte> packet, bool v6, std::uint32_t interface) const;

 private:
  UniqueFd v4_, v6_;
};

}  // namespace blackstart
