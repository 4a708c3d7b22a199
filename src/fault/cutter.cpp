#include "fault/cutter.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <ranges>

#include "fault/exempt.h"
#include "netlink/intervals.h"
#include "sys/fd.h"

namespace blackstart {
namespace {

using netlink::SocketState;

// Waiting to be opened or long closed: nothing of theirs can be cut.
bool is_connection(SocketState state) {
  return state != SocketState::listening && state != SocketState::time_wait &&
         state != SocketState::closed;
}

bool contains(const Prefix& prefix, const Address& address) {
  if (prefix.address.v6 != address.v6) return false;
  const netlink::AddressRange range = netlink::range_of(prefix);
  return range.first <= address && address <= range.last;
}

std::optional<Address> address_of(const sockaddr* from) {
  Address address;
  if (from->sa_family == AF_INET) {
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in*>(from)->sin_addr, 4);
    return address;
  }
  if (from->sa_family == AF_INET6) {
    address.v6 = true;
    std::memcpy(address.bytes.data(), &reinterpret_cast<const sockaddr_in6*>(from)->sin6_addr, 16);
    return address;
  }
  return std::nullopt;
}

}  // namespace

AddressInterfaces address_interfaces() {
  ifaddrs* list = nullptr;
  check("getifaddrs()", ::getifaddrs(&list));
  const std::unique_ptr<ifaddrs, void (*)(ifaddrs*)> owner{list, ::freeifaddrs};
  AddressInterfaces out;
  for (const ifaddrs* at = list; at != nullptr; at = at->ifa_next) {
    if (at->ifa_addr == nullptr) continue;
    if (const auto address = address_of(at->ifa_addr)) out.emplace(*address, at->ifa_name);
  }
  return out;
}

bool is_connection_to(const netlink::SocketInfo& socket, const Target& target,
                      const std::optional<CgroupId>& cgroup, const AddressInterfaces& interfaces,
                      const std::set<Address>& followed) {
  if (socket.protocol != Protocol::tcp || !is_connection(socket.state)) return false;
  if (target.protocol && target.protocol != Protocol::tcp) return false;
  if (target.uid && socket.uid != *target.uid) return false;
  if (cgroup && socket.cgroup != cgroup->inode) return false;
  if (!target.names.empty() && !followed.contains(socket.remote.address)) return false;
  const auto& prefixes = target.prefixes();
  if (!prefixes.empty() && std::ranges::none_of(prefixes, [&](const Prefix& prefix) {
        return contains(prefix, socket.remote.address);
      })) {
    return false;
  }
  if (!target.port.empty() && std::ranges::none_of(target.port, [&](const PortRange& range) {
        return range.first <= socket.remote.port && socket.remote.port <= range.last;
      })) {
    return false;
  }
  if (target.interface.empty()) return true;
  const auto [first, last] = interfaces.equal_range(socket.local.address);
  return std::any_of(first, last, [&](const auto& at) { return at.second == target.interface; });
}

bool is_listener_of(const netlink::SocketInfo& socket, const Target& target,
                    const std::optional<CgroupId>& cgroup, const AddressInterfaces& interfaces,
                    const std::set<Address>& followed) {
  if (socket.state != SocketState::listening) return false;
  netlink::SocketInfo connection = socket;
  connection.state = SocketState::established;
  const auto would_match = [&](const Address& address) {
    connection.local.address = address;
    connection.remote = {address, socket.local.port};
    return is_connection_to(connection, target, cgroup, interfaces, followed);
  };
  const Address any{.v6 = socket.local.address.v6};
  if (!(socket.local.address == any)) return would_match(socket.local.address);
  // One on :: takes IPv4 too, where it does not say otherwise.
  return std::ranges::any_of(interfaces, [&](const auto& own) {
    return (socket.v6 || !own.first.v6) && would_match(own.first);
  });
}

netlink::SocketInfo other_end(netlink::SocketInfo socket) {
  std::swap(socket.local, socket.remote);
  return socket;
}

std::size_t cut_connections(const Target& target, const std::set<Address>& followed,
                            const std::vector<netlink::SocketInfo>& spared, bool served) {
  const auto cgroup = target.cgroup.empty() ? std::nullopt : find_cgroup(target.cgroup);
  if (!target.cgroup.empty() && !cgroup) return 0;  // gone, and its processes with it
  const AddressInterfaces interfaces = address_interfaces();
  const auto is_to_target = [&](const netlink::SocketInfo& socket) {
    return is_connection_to(socket, target, cgroup, interfaces, followed);
  };
  netlink::SocketDiag sockets;
  std::set<std::uint16_t> ports;  // that somebody listens on
  if (served) {
    for (const netlink::SocketInfo& socket : sockets.list(Protocol::tcp)) {
      if (socket.state == SocketState::listening) ports.insert(socket.local.port);
    }
  }
  return sockets
      .destroy([&](const netlink::SocketInfo& socket) {
        const bool matches = is_to_target(socket) ||
                             (ports.contains(socket.local.port) && is_to_target(other_end(socket)));
        return matches && !is_among(socket, spared);
      })
      .count;
}

std::set<Address> connected_addresses() {
  std::set<Address> out;
  netlink::SocketDiag sockets;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    for (const netlink::SocketInfo& socket : sockets.list(protocol)) {
      if (is_connection(socket.state)) out.insert(socket.remote.address);
    }
  }
  return out;
}

}  // namespace blackstart
