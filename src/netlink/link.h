#pragma once

// Interfaces of one network namespace: reading them, and making those of our own.
//
// Nobody else's are ever changed by what calls this; the functions themselves do not ask.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/address.h"
#include "netlink/socket.h"

namespace blackstart::netlink {

using HardwareAddress = std::array<std::uint8_t, 6>;

struct Link {
  std::uint32_t index = 0;
  std::string name;
  std::string kind;  // "veth", "ifb", "bridge"; empty for a real device and for lo
  bool up = false;   // switched on; says nothing of a carrier
  bool loopback = false;
  std::uint32_t mtu = 0;
  std::optional<HardwareAddress> hardware;  // of Ethernet's length
};

// A socket for routes and links, opened in the calling thread's namespace. Every failure is a
// std::system_error that says what was attempted. Not thread-safe.
class RouteSocket {
 public:
  RouteSocket();

  // In the kernel's order: by index.
  std::vector<Link> links();
  std::optional<Link> find_link(std::string_view name);

  // kind: "ifb", "dummy", "bridge": whatever needs no settings. Switched off when made. The
  // kernel chooses a hardware address where none is given.
  void create(std::string_view name, std::string_view kind,
              const std::optional<HardwareAddress>& hardware = {});

  // Both ends; `peer` goes into the namespace of `peer_netns`, or stays where < 0.
  void create_veth(std::string_view name, std::string_view peer, int peer_netns = -1,
                   const std::optional<HardwareAddress>& hardware = {},
                   const std::optional<HardwareAddress>& hardware_of_peer = {});

  void set_up(std::string_view name, bool up = true);
  void move_to(std::string_view name, int netns_fd);
  void set_master(std::string_view name, std::string_view master);
  void set_mtu(std::string_view name, std::uint32_t mtu);
  void remove(std::string_view name);

  // IPv6 addresses are usable at once (no duplicate address detection).
  void add_address(std::string_view name, const Address& address, std::uint8_t prefix_length);

  // Through `gateway`, out of whichever interface reaches it; {} of length 0 is the default.
  void add_route(const Prefix& destination, const Address& gateway);

  Socket& socket() { return socket_; }

 private:
  Socket socket_;
};

// Hears of interfaces that come, go or change, in the namespace in which it was opened.
class LinkMonitor {
 public:
  LinkMonitor();

  // Readable when something has changed since the last drain(). Close-on-exec.
  int fd() const { return events_.fd(); }

  // Takes what was said; never blocks.
  void drain();

  // As they are now, in that namespace.
  std::vector<Link> links() { return route_.links(); }

 private:
  Socket events_;
  RouteSocket route_;
};

}  // namespace blackstart::netlink
