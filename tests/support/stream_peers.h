#pragma once

// TCP clients and servers that a test holds by the hand.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "serve/socket.h"
#include "sys/fd.h"

namespace blackstart::test {

// One end of a connection, blocking, but no longer than ten patient seconds.
class Stream {
 public:
  explicit Stream(UniqueFd fd) : fd_{std::move(fd)} {
    const timeval limit{.tv_sec = 10, .tv_usec = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  }

  // To where the text says: 127.0.0.1:8666, [::]:8666 (which is taken for [::1]).
  static Stream to(const std::string& text) {
    Endpoint at = parse_endpoint(text, 0).value();
    if (is_wildcard(at.address)) at.address.bytes[15] = 1;
    const SocketAddress address = to_socket_address(at);
    UniqueFd fd{check("socket()", ::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    check("connect(" + text + ")", ::connect(fd.get(), &address.any, address.length));
    return Stream{std::move(fd)};
  }

  void send(std::string_view text) const {
    while (!text.empty()) {
      text.remove_prefix(static_cast<std::size_t>(
          check("send()", ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL))));
    }
  }

  // That many bytes, or fewer where the stream ends; an error throws.
  std::string receive(std::size_t size) const {
    std::string text;
    while (text.size() < size) {
      const std::string part = receive_some(size - text.size());
      if (part.empty()) break;
      text += part;
    }
    return text;
  }
  std::string receive_some(std::size_t most = 65'536) const {
    std::string part(most, '\0');
    part.resize(static_cast<std::size_t>(check("recv()", ::recv(fd_.get(), part.data(), most, 0))));
    return part;
  }

  bool ends() const { return receive_some().empty(); }  // waits for what comes next

  // Whether anything, an end too, comes within the time.
  bool hears(std::chrono::milliseconds within) const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    return ::poll(&waiting, 1, static_cast<int>(within.count())) > 0;
  }

  void shut_down() const { ::shutdown(fd_.get(), SHUT_WR); }
  void reset() {
    const linger at_once{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    fd_.reset();
  }
  void close() { fd_.reset(); }
  int fd() const { return fd_.get(); }

 private:
  UniqueFd fd_;
};

// Takes connections when it is asked for them.
class StreamServer {
 public:
  explicit StreamServer(std::uint16_t port = 0)
      : fd_{open_tcp_listener({parse_address("127.0.0.1").value(), port})} {}

  std::string address() const { return to_text(local_endpoint(fd_.get())); }

  Stream take() const {
    pollfd waiting{fd_.get(), POLLIN, 0};
    ::poll(&waiting, 1, 10'000);
    return Stream{
        UniqueFd{check("accept4()", ::accept4(fd_.get(), nullptr, nullptr, SOCK_CLOEXEC))}};
  }

 private:
  UniqueFd fd_;
};

}  // namespace blackstart::test
