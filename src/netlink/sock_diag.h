#pragma once

// The sockets of one network namespace: listing them, and ending connections (NETLINK_SOCK_DIAG).

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/scenario.h"
#include "netlink/socket.h"

namespace blackstart::netlink {

// The kernel's TCP states; a connected UDP socket is `established`, any other `closed`.
enum class SocketState : std::uint8_t {
  established = 1,
  syn_sent,
  syn_received,
  fin_wait_1,
  fin_wait_2,
  time_wait,
  closed,
  close_wait,
  last_ack,
  listening,
  closing,
};

struct SocketInfo {
  Protocol protocol = Protocol::tcp;
  SocketState state = SocketState::closed;
  Endpoint local, remote;  // IPv4 inside IPv6 (::ffff:…) is given as IPv4
  std::uint32_t uid = 0;
  std::uint32_t inode = 0;
  std::uint32_t interface = 0;          // it is bound to; 0: none
  std::optional<std::uint64_t> cgroup;  // its inode; where the kernel tells (Linux 5.8)
  bool v6 = false;                      // the socket's own family
  std::array<std::byte, 48> id{};       // the kernel's own name for it
};

// In the calling thread's network namespace, and from any thread afterwards. Not thread-safe.
// Failures are std::system_error.
class SocketDiag {
 public:
  SocketDiag();

  // All TCP (any state) or UDP sockets of both families.
  std::vector<SocketInfo> list(Protocol protocol);

  struct Ended {
    std::size_t count = 0;   // were ended: their owners see ECONNABORTED
    std::size_t missed = 0;  // had gone by themselves in the meantime
  };

  // Ends every TCP and UDP socket with a remote end that `matches` picks, except those that
  // only wait for stray packets (TIME_WAIT) and belong to nobody any more. The peer is sent a
  // reset where TCP allows one. Throws where the kernel cannot (no INET_DIAG_DESTROY) or may
  // not; connections ended before that stay ended.
  Ended destroy(const std::function<bool(const SocketInfo&)>& matches);

 private:
  void list_family(Protocol protocol, bool v6, std::vector<SocketInfo>& into);
  bool destroy_one(const SocketInfo& socket);

  Socket socket_;
};

}  // namespace blackstart::netlink
