#pragma once

// A TCP server for tests whose every connection is in the hands of a function.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "sys/fd.h"

namespace blackstart::test {

// One accepted connection. Calls give up when the server ends.
class Connection {
 public:
  Connection(int fd, const std::atomic<bool>& ending) : fd_{fd}, ending_{ending} {}

  // Up to and with the blank line of a request; empty: the client has gone.
  std::string read_request() {
    std::string text;
    std::array<char, 4096> buffer;
    while (text.find("\r\n\r\n") == std::string::npos) {
      if (!wait()) return {};
      const ssize_t got = ::recv(fd_, buffer.data(), buffer.size(), 0);
      if (got <= 0) return {};
      text.append(buffer.data(), static_cast<std::size_t>(got));
    }
    return text;
  }

  void write(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent <= 0) return;
      text.remove_prefix(static_cast<std::size_t>(sent));
    }
  }

  void answer(std::string_view status, std::string_view body, std::string_view headers = {}) {
    write("HTTP/1.1 " + std::string{status} + "\r\nContent-Length: " + std::to_string(body.size()) +
          "\r\n" + std::string{headers} + "\r\n" + std::string{body});
  }

  // Closing with a RST instead of a FIN.
  void reset_on_close() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }

  void wait_until_closed() {
    std::array<char, 4096> buffer;
    while (wait() && ::recv(fd_, buffer.data(), buffer.size(), 0) > 0) {
    }
  }

 private:
  bool wait() {
    pollfd entry{.fd = fd_, .events = POLLIN, .revents = 0};
    while (!ending_) {
      if (::poll(&entry, 1, 10) > 0) return true;
    }
    return false;
  }

  int fd_;
  const std::atomic<bool>& ending_;
};

// Listens on the loopback of the namespace in which it is made, IPv6 where asked for.
class TcpServer {
 public:
  using Handler = std::function<void(Connection&)>;

  explicit TcpServer(Handler handler, bool v6 = false) : handler_{std::move(handler)} {
    listener_ =
        UniqueFd{check("socket", ::socket(v6 ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    sockaddr_in6 address6{};
    address6.sin6_family = AF_INET6;
    address6.sin6_addr = in6addr_loopback;
    sockaddr_in address4{};
    address4.sin_family = AF_INET;
    address4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* address = v6 ? static_cast<const void*>(&address6) : &address4;
    socklen_t size = v6 ? sizeof address6 : sizeof address4;
    check("bind", ::bind(listener_.get(), static_cast<const sockaddr*>(address), size));
    check("listen", ::listen(listener_.get(), 128));
    sockaddr_storage bound{};
    size = sizeof bound;
    void* raw = &bound;
    check("getsockname", ::getsockname(listener_.get(), static_cast<sockaddr*>(raw), &size));
    port_ = ntohs(v6 ? static_cast<sockaddr_in6*>(raw)->sin6_port
                     : static_cast<sockaddr_in*>(raw)->sin_port);
    acceptor_ = std::thread{[this] { accept_all(); }};
  }

  ~TcpServer() {
    ending_ = true;
    acceptor_.join();
    for (std::thread& thread : threads_) thread.join();
  }
  TcpServer(const TcpServer&) = delete;
  TcpServer& operator=(const TcpServer&) = delete;

  std::uint16_t port() const { return port_; }
  std::string url(std::string_view path = "/") const {
    return "http://127.0.0.1:" + std::to_string(port_) + std::string{path};
  }
  int connections() const { return connections_; }

 private:
  void accept_all() {
    pollfd entry{.fd = listener_.get(), .events = POLLIN, .revents = 0};
    while (!ending_) {
      if (::poll(&entry, 1, 10) <= 0) continue;
      const int fd = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
      if (fd < 0) continue;
      ++connections_;
      threads_.emplace_back([this, fd] {
        const UniqueFd owned{fd};
        Connection connection{fd, ending_};
        handler_(connection);
      });
    }
  }

  Handler handler_;
  UniqueFd listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<int> connections_ = 0;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace blackstart::test
