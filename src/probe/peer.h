#pragma once

// A socket that has somewhere to go, and waiting for it.

#include <netinet/in.h>
#include <sys/socket.h>

#include <boost/asio/posix/stream_descriptor.hpp>

#include <cstdint>
#include <string>

#include "blackstart/address.h"
#include "probe/host.h"

namespace blackstart {

// An Endpoint as the kernel takes it.
class PeerAddress {
 public:
  explicit PeerAddress(const Endpoint& endpoint, std::uint32_t scope = 0);

  int family() const { return storage_.ss_family; }
  const sockaddr* get() const;
  socklen_t size() const {
    return family() == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
  }

 private:
  sockaddr_storage storage_{};
};

// A non-blocking socket of the host's namespace that has begun to connect to `to`; `error` is
// 0, EINPROGRESS, or why it can't. Throws only where no socket can be had.
struct Connecting {
  UniqueFd fd;
  int error = 0;
};
Connecting start_connect(const ProbeHost& host, int type, const PeerAddress& to);

// The error of a connection that was begun, once the socket is writable; 0: connected.
int connect_error(int fd);

// Whether the descriptor is a TCP socket whose handshake is done and that is not closed yet.
bool is_established(int fd);

// The number by which the kernel tells sockets apart, when a descriptor may have been closed
// and its number given to another; 0 where it is closed.
std::uint64_t socket_identity(int fd);

// An errno as probes word it: "connection refused", "no route to host".
std::string error_words(int error);

using WatchedFd = boost::asio::posix::stream_descriptor;

}  // namespace blackstart
