#pragma once

// Where a proxy listens, as text, as a socket address, and as a listening socket. The texts of
// errors are those of Go's net package, which clients of Toxiproxy compare.

#include <stdexcept>
#include <string>
#include <string_view>

#include "serve/socket.h"
#include "sys/fd.h"

namespace blackstart {

struct ListenAddress {
  SocketAddress address;  // a wildcard of either family: [::], which takes both
  std::string text;       // in numbers: 127.0.0.1:8666, [::]:8666
  std::string asked;      // in numbers, but a wildcard as it was asked for, for errors
};

// What Go says without its prefix: "address bad: missing port in address".
class BadListenAddress : public std::runtime_error {
  using runtime_error::runtime_error;
};

// Names by getaddrinfo(3), which is given half a second; IPv4 before IPv6. The host may be empty,
// for all interfaces, and so may all of it, with a port of the kernel's choice.
ListenAddress resolve_listen(std::string_view text);

// Listens, without blocking, with the options of a proxy's sockets. Where the kernel lacks IPv6, a
// wildcard is IPv4's. Throws BadListenAddress: "listen tcp 127.0.0.1:80: bind: permission denied".
UniqueFd open_proxy_listener(const ListenAddress& at);

// "127.0.0.1:41621", as it is bound.
std::string bound_text(int listener);

}  // namespace blackstart
