#include "probe/peer.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>

namespace blackstart {

PeerAddress::PeerAddress(const Endpoint& endpoint, std::uint32_t scope) {
  if (endpoint.address.v6) {
    sockaddr_in6 out{};
    out.sin6_family = AF_INET6;
    out.sin6_port = htons(endpoint.port);
    out.sin6_scope_id = scope;
    std::memcpy(&out.sin6_addr, endpoint.address.bytes.data(), sizeof out.sin6_addr);
    std::memcpy(&storage_, &out, sizeof out);
  } else {
    sockaddr_in out{};
    out.sin_family = AF_INET;
    out.sin_port = htons(endpoint.port);
    std::memcpy(&out.sin_addr, endpoint.address.bytes.data(), sizeof out.sin_addr);
    std::memcpy(&storage_, &out, sizeof out);
  }
}

const sockaddr* PeerAddress::get() const {
  return static_cast<const sockaddr*>(static_cast<const void*>(&storage_));
}

Connecting start_connect(const ProbeHost& host, int type, const PeerAddress& to) {
  Connecting made{.fd = host.open_socket(to.family(), type), .error = 0};
  if (::connect(made.fd.get(), to.get(), to.size()) != 0) made.error = errno;
  return made;
}

int connect_error(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0) return errno;
  return error;
}

bool is_established(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return false;
  return info.tcpi_state == TCP_ESTABLISHED || info.tcpi_state == TCP_CLOSE_WAIT;
}

std::uint64_t socket_identity(int fd) {
  struct stat about {};
  return ::fstat(fd, &about) == 0 ? about.st_ino : 0;
}

std::string error_words(int error) {
  std::string words = std::error_code{error, std::generic_category()}.message();
  if (!words.empty() && words[0] >= 'A' && words[0] <= 'Z') {
    words[0] = static_cast<char>(words[0] - 'A' + 'a');
  }
  return words;
}

}  // namespace blackstart
