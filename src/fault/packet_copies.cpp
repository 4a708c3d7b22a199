#include "fault/packet_copies.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace blackstart {
namespace {

constexpr std::size_t kTarget4 = 16, kTarget6 = 24;  // of the destination, in the IP header

// IPPROTO_RAW stands for a header of ours (raw(7)) in both families.
UniqueFd raw_socket(int family, std::uint32_t mark) {
  UniqueFd fd{::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW)};
  if (!fd && family == AF_INET6) return fd;  // a machine without IPv6
  check("socket(SOCK_RAW)", fd.get());
  check("setsockopt(SO_MARK)", ::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark));
  return fd;
}

template <class Address>
bool send_to(const UniqueFd& fd, std::span<const std::byte> packet, const Address& to) {
  return ::sendto(fd.get(), packet.data(), packet.size(), 0, reinterpret_cast<const sockaddr*>(&to),
                  sizeof to) >= 0;
}

}  // namespace

PacketCopies::PacketCopies(std::uint32_t mark)
    : v4_{raw_socket(AF_INET, mark)}, v6_{raw_socket(AF_INET6, mark)} {}

bool PacketCopies::send(std::span<const std::byte> packet, bool v6, std::uint32_t interface) const {
  if (v6) {
    sockaddr_in6 to{};
    to.sin6_family = AF_INET6;
    if (packet.size() < kTarget6 + sizeof to.sin6_addr) return false;
    std::memcpy(&to.sin6_addr, packet.data() + kTarget6, sizeof to.sin6_addr);
    if (IN6_IS_ADDR_LINKLOCAL(&to.sin6_addr)) to.sin6_scope_id = interface;
    return send_to(v6_, packet, to);
  }
  sockaddr_in to{};
  to.sin_family = AF_INET;
  if (packet.size() < kTarget4 + sizeof to.sin_addr) return false;
  std::memcpy(&to.sin_addr, packet.data() + kTarget4, sizeof to.sin_addr);
  return send_to(v4_, packet, to);
}

}  // namespace blackstart
