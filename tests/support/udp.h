#pragma once

// A UDP socket over IPv4, for tests that ask whether a packet gets through.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstdint>

#include "sys/fd.h"

namespace blackstart {

// In the calling thread's network namespace. Not blocking.
class UdpSocket {
 public:
  // Bound to an address; port 0 takes any.
  explicit UdpSocket(const char* address = "127.0.0.1", std::uint16_t port = 0)
      : fd_{check("socket(UDP)", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))} {
    const sockaddr_in local = endpoint(address, port);
    check("bind", ::bind(fd_.get(), reinterpret_cast<const sockaddr*>(&local), sizeof local));
  }

  std::uint16_t port() const {
    sockaddr_in local{};
    socklen_t size = sizeof local;
    check("getsockname", ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&local), &size));
    return ntohs(local.sin_port);
  }

  // 0, or the errno that the sender sees.
  int send(const char* address, std::uint16_t port) const {
    const sockaddr_in to = endpoint(address, port);
    const ssize_t sent =
        ::sendto(fd_.get(), "?", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return sent < 0 ? errno : 0;
  }

  // Whether a packet comes within `patience`; it is taken.
  bool receives(std::chrono::milliseconds patience = std::chrono::milliseconds{50}) const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return false;
    char byte = 0;
    return ::recv(fd_.get(), &byte, 1, 0) >= 0;
  }

  int fd() const { return fd_.get(); }

 private:
  static sockaddr_in endpoint(const char* address, std::uint16_t port) {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(port);
    ::inet_pton(AF_INET, address, &out.sin_addr);
    return out;
  }

  UniqueFd fd_;
};

// For kernel tests, which live in real time.
inline void wait(std::chrono::milliseconds span) {
  ::poll(nullptr, 0, static_cast<int>(span.count()));
}

}  // namespace blackstart
