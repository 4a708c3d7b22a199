#pragma once

// Datagrams by the batch: one recvmmsg(2) or sendmmsg(2) for many questions.

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "serve/socket.h"

namespace blackstart {

inline constexpr std::size_t kUdpBatch = 64;

// The address of ours that a datagram came to, which its answer must leave from. Kept as the
// kernel gave it; empty on sockets that are bound to one address.
struct AskedAddress {
  sa_family_t family = AF_UNSPEC;
  std::uint32_t interface = 0;  // of a link-local address
  std::array<std::uint8_t, 16> bytes{};
};

// The buffers of one recvmmsg(2). What it hands out is valid until the next receive().
class UdpInbox {
 public:
  // Longer datagrams than `bytes_max` are taken and left out.
  explicit UdpInbox(std::size_t bytes_max);

  // How many came: 0 for none (and for an interrupted call), -errno for an error.
  int receive(int fd);

  // Empty for a datagram that was too long.
  std::span<std::uint8_t> message(std::size_t i) const;
  const SocketAddress& from(std::size_t i) const { return from_[i]; }
  AskedAddress asked(std::size_t i) const;

 private:
  // IPv4's and IPv6's packet information both fit.
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
  };

  std::size_t bytes_max_, stride_;
  std::unique_ptr<std::uint8_t[]> bytes_;
  std::array<SocketAddress, kUdpBatch> from_;
  std::array<Control, kUdpBatch> control_;
  std::array<iovec, kUdpBatch> parts_;
  std::array<mmsghdr, kUdpBatch> messages_;
};

// Collects datagrams for one sendmmsg(2). Refers to the bytes given, which must stay until
// flush(); copies addresses.
class UdpOutbox {
 public:
  bool full() const { return count_ == kUdpBatch; }
  bool empty() const { return count_ == 0; }

  // On a connected socket. Not when full.
  void add(std::span<const std::uint8_t> bytes);
  // From `asked`, where that is not empty.
  void add(std::span<const std::uint8_t> bytes, const SocketAddress& to, const AskedAddress& asked);

  struct Refused {
    std::size_t index;  // in the order of add()
    int error;          // errno
  };

  // Hands all to the kernel and is empty then. Returns those that it would not take, valid until
  // the next flush().
  std::span<const Refused> flush(int fd);

 private:
  struct alignas(cmsghdr) Control {
    std::array<std::uint8_t, CMSG_SPACE(sizeof(in6_pktinfo))> bytes;
  };

  void leave_from(std::size_t i, const AskedAddress& asked);

  std::size_t count_ = 0;
  std::vector<Refused> refused_;
  std::array<SocketAddress, kUdpBatch> to_;
  std::array<Control, kUdpBatch> control_;
  std::array<iovec, kUdpBatch> parts_;
  std::array<mmsghdr, kUdpBatch> messages_;
};

}  // namespace blackstart
