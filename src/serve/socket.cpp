#include "serve/socket.h"

#include <arpa/inet.h>
#include <net/if.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <span>
#include <string>

namespace blackstart {
namespace {

// Bursts wait in the kernel while a batch is being answered.
constexpr int kSocketRoom = 4 << 20;
constexpr int kBacklog = 512;

int family_of(const Endpoint& at) { return at.address.v6 ? AF_INET6 : AF_INET; }

UniqueFd open_socket(const Endpoint& at, int type, const char* what) {
  return UniqueFd{check(std::string{"socket("} + what + ")",
                        ::socket(family_of(at), type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
}

void set_on(int fd, int level, int option, const char* attempt) {
  const int on = 1;
  check(attempt, ::setsockopt(fd, level, option, &on, sizeof on));
}

// Without privilege the kernel's own limit has to do.
void make_room(int fd, int forced, int asked) {
  if (::setsockopt(fd, SOL_SOCKET, forced, &kSocketRoom, sizeof kSocketRoom) == 0) return;
  (void)::setsockopt(fd, SOL_SOCKET, asked, &kSocketRoom, sizeof kSocketRoom);
}

void set_mark(int fd, std::uint32_t mark) {
  if (mark == 0) return;
  check("setsockopt(SO_MARK)", ::setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof mark));
}

void bind_to(int fd, const Endpoint& at, const char* what) {
  const SocketAddress address = to_socket_address(at);
  check(std::string{"bind("} + what + " " + to_text(at) + ")",
        ::bind(fd, &address.any, address.length));
}

}  // namespace

SocketAddress to_socket_address(const Endpoint& endpoint, std::uint32_t scope) {
  SocketAddress out;
  if (endpoint.address.v6) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(endpoint.port);
    out.v6.sin6_scope_id = scope;
    std::memcpy(&out.v6.sin6_addr, endpoint.address.bytes.data(), 16);
    out.length = sizeof out.v6;
  } else {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(endpoint.port);
    std::memcpy(&out.v4.sin_addr, endpoint.address.bytes.data(), 4);
    out.length = sizeof out.v4;
  }
  return out;
}

Endpoint to_endpoint(const SocketAddress& address) {
  Endpoint out;
  if (address.any.sa_family == AF_INET6) {
    const in6_addr& from = address.v6.sin6_addr;
    out.address.v6 = !IN6_IS_ADDR_V4MAPPED(&from);
    std::ranges::copy(std::span{from.s6_addr}.subspan(out.address.v6 ? 0 : 12),
                      out.address.bytes.begin());
    out.port = ntohs(address.v6.sin6_port);
  } else {
    std::memcpy(out.address.bytes.data(), &address.v4.sin_addr, 4);
    out.port = ntohs(address.v4.sin_port);
  }
  return out;
}

Endpoint local_endpoint(int fd) {
  SocketAddress address;
  address.length = sizeof address.v6;
  check("getsockname()", ::getsockname(fd, &address.any, &address.length));
  return to_endpoint(address);
}

UniqueFd open_udp_listener(const Endpoint& at) {
  UniqueFd fd = open_socket(at, SOCK_DGRAM, "udp");
  if (at.address.v6) set_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "setsockopt(IPV6_V6ONLY)");
  if (is_wildcard(at.address)) {
    if (at.address.v6) {
      set_on(fd.get(), IPPROTO_IPV6, IPV6_RECVPKTINFO, "setsockopt(IPV6_RECVPKTINFO)");
    } else {
      set_on(fd.get(), IPPROTO_IP, IP_PKTINFO, "setsockopt(IP_PKTINFO)");
    }
  }
  make_room(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF);
  make_room(fd.get(), SO_SNDBUFFORCE, SO_SNDBUF);
  bind_to(fd.get(), at, "udp");
  return fd;
}

UniqueFd open_tcp_listener(const Endpoint& at) {
  UniqueFd fd = open_socket(at, SOCK_STREAM, "tcp");
  if (at.address.v6) set_on(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, "setsockopt(IPV6_V6ONLY)");
  set_on(fd.get(), SOL_SOCKET, SO_REUSEADDR, "setsockopt(SO_REUSEADDR)");
  bind_to(fd.get(), at, "tcp");
  check("listen(tcp " + to_text(at) + ")", ::listen(fd.get(), kBacklog));
  return fd;
}

UniqueFd open_udp_to(const Nameserver& server, std::uint32_t mark) {
  UniqueFd fd = open_socket(server.endpoint, SOCK_DGRAM, "udp");
  set_mark(fd.get(), mark);
  make_room(fd.get(), SO_RCVBUFFORCE, SO_RCVBUF);
  const SocketAddress to = to_socket_address(server.endpoint, scope_of(server));
  check("connect(udp " + to_text(server.endpoint) + ")", ::connect(fd.get(), &to.any, to.length));
  return fd;
}

UniqueFd open_tcp_for(const Nameserver& server, std::uint32_t mark) {
  UniqueFd fd = open_socket(server.endpoint, SOCK_STREAM, "tcp");
  set_mark(fd.get(), mark);
  return fd;
}

std::uint32_t scope_of(const Nameserver& server) {
  if (server.interface.empty()) return 0;
  const char* const end = server.interface.data() + server.interface.size();
  std::uint32_t index = 0;
  if (std::from_chars(server.interface.data(), end, index).ptr == end) return index;
  return ::if_nametoindex(server.interface.c_str());
}

bool is_wildcard(const Address& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace blackstart
