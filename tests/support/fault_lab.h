#pragma once

// A namespace with a far side behind a veth, echo servers on both, and what a client sees of them.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <functional>
#include <ostream>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/link.h"
#include "support/kernel_test.h"
#include "support/loop_thread.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart::test {

// Sends back what it gets, over UDP and TCP, on one port of the namespace that it is made in: of
// every address and both families, or of one.
class EchoServer {
 public:
  // What it does to a message before it goes back; a TCP chunk is one message.
  using Edit = std::function<void(char* data, std::size_t size, bool tcp)>;

  explicit EchoServer(std::uint16_t port, const char* address = "::", Edit edit = {})
      : edit_{std::move(edit)} {
    udp_ = open(SOCK_DGRAM, address, port);
    tcp_ = open(SOCK_STREAM, address, port);
    check("listen", ::listen(tcp_.get(), 64));
    thread_ = std::thread{[this] { serve(); }};
  }
  ~EchoServer() {
    ending_ = true;
    thread_.join();
  }
  EchoServer(const EchoServer&) = delete;
  EchoServer& operator=(const EchoServer&) = delete;

 private:
  static UniqueFd open(int type, const std::string& address, std::uint16_t port) {
    const bool v6 = address.find(':') != std::string::npos;
    UniqueFd fd{
        check("socket", ::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
    const int on = 1;
    check("SO_REUSEADDR", ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on));
    sockaddr_in6 at6{};
    at6.sin6_family = AF_INET6;
    at6.sin6_port = htons(port);
    sockaddr_in at4{};
    at4.sin_family = AF_INET;
    at4.sin_port = htons(port);
    ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(),
                v6 ? static_cast<void*>(&at6.sin6_addr) : static_cast<void*>(&at4.sin_addr));
    const auto* at =
        v6 ? reinterpret_cast<const sockaddr*>(&at6) : reinterpret_cast<const sockaddr*>(&at4);
    check("bind", ::bind(fd.get(), at, v6 ? sizeof at6 : sizeof at4));
    return fd;
  }

  void edit(char* data, ssize_t size, bool tcp) const {
    if (edit_ && size > 0) edit_(data, static_cast<std::size_t>(size), tcp);
  }

  void echo_datagram() {
    std::array<char, 2048> data;
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    auto* const peer = reinterpret_cast<sockaddr*>(&from);
    const ssize_t got = ::recvfrom(udp_.get(), data.data(), data.size(), 0, peer, &size);
    edit(data.data(), got, false);
    if (got > 0) ::sendto(udp_.get(), data.data(), static_cast<std::size_t>(got), 0, peer, size);
  }

  // Idle, it must not allocate: a test may fork, and a child that was born while another thread
  // held the sanitizer's allocator would wait for it for ever.
  void serve() {
    std::vector<UniqueFd> open;
    std::vector<pollfd> waiting;
    waiting.reserve(64);
    while (!ending_) {
      waiting.clear();
      waiting.push_back({udp_.get(), POLLIN, 0});
      waiting.push_back({tcp_.get(), POLLIN, 0});
      for (const UniqueFd& fd : open) waiting.push_back({fd.get(), POLLIN, 0});
      if (::poll(waiting.data(), waiting.size(), 10) <= 0) continue;
      if (waiting[0].revents != 0) echo_datagram();
      for (std::size_t i = 2; i < waiting.size(); ++i) {
        if (waiting[i].revents == 0) continue;
        std::array<char, 2048> data;
        const ssize_t got = ::recv(waiting[i].fd, data.data(), data.size(), 0);
        edit(data.data(), got, true);
        if (got > 0) {
          ::send(waiting[i].fd, data.data(), static_cast<std::size_t>(got), MSG_NOSIGNAL);
        } else {
          open[i - 2].reset();
        }
      }
      std::erase_if(open, [](const UniqueFd& fd) { return !fd; });
      if (waiting[1].revents == 0) continue;
      if (const int fd = ::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC); fd >= 0) {
        open.emplace_back(fd);
      }
    }
  }

  Edit edit_;
  UniqueFd udp_, tcp_;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

// What came of an attempt: an errno, 0 for success, ETIMEDOUT for nothing within the patience.
struct Seen {
  int error = 0;
  std::chrono::milliseconds took{};

  bool operator==(int expected) const { return error == expected; }
};
inline std::ostream& operator<<(std::ostream& out, const Seen& seen) {
  return out << (seen.error == 0 ? "ok" : std::generic_category().message(seen.error)) << " after "
             << seen.took.count() << " ms";
}

// A blocking client socket, connected or not, towards one address and port.
class Client {
 public:
  Client(int type, const std::string& address, std::uint16_t port,
         std::chrono::milliseconds patience = std::chrono::milliseconds{150}) {
    const bool v6 = address.find(':') != std::string::npos;
    fd_ = UniqueFd{check("socket", ::socket(v6 ? AF_INET6 : AF_INET, type | SOCK_CLOEXEC, 0))};
    const timeval limit{patience.count() / 1000, (patience.count() % 1000) * 1000};
    check("SO_RCVTIMEO", ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
    check("SO_SNDTIMEO", ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit));
    if (v6) {
      auto& to = *reinterpret_cast<sockaddr_in6*>(&to_);
      to.sin6_family = AF_INET6;
      to.sin6_port = htons(port);
      ::inet_pton(AF_INET6, address.c_str(), &to.sin6_addr);
      size_ = sizeof to;
    } else {
      auto& to = *reinterpret_cast<sockaddr_in*>(&to_);
      to.sin_family = AF_INET;
      to.sin_port = htons(port);
      ::inet_pton(AF_INET, address.c_str(), &to.sin_addr);
      size_ = sizeof to;
    }
  }

  Seen connect() {
    return timed([&] { return ::connect(fd_.get(), peer(), size_); });
  }
  Seen send() {
    return timed([&] { return ::send(fd_.get(), "x", 1, MSG_NOSIGNAL); });
  }
  Seen send_to() {
    return timed([&] { return ::sendto(fd_.get(), "x", 1, 0, peer(), size_); });
  }
  Seen receive() {
    char byte = 0;
    return timed([&] { return ::recv(fd_.get(), &byte, 1, 0); });
  }
  int fd() const { return fd_.get(); }

 private:
  const sockaddr* peer() const { return reinterpret_cast<const sockaddr*>(&to_); }

  template <class Call>
  static Seen timed(Call call) {
    const auto now = [] {
      timespec at{};
      ::clock_gettime(CLOCK_MONOTONIC, &at);
      return std::chrono::seconds{at.tv_sec} + std::chrono::nanoseconds{at.tv_nsec};
    };
    const auto begun = now();
    const auto result = call();
    int error = result < 0 ? errno : 0;
    if (error == EAGAIN || error == EINPROGRESS) error = ETIMEDOUT;
    return {error, std::chrono::duration_cast<std::chrono::milliseconds>(now() - begun)};
  }

  UniqueFd fd_;
  sockaddr_storage to_{};
  socklen_t size_ = 0;
};

inline constexpr std::uint16_t kEchoPort = 5'555;

// The test's thread stands in the near namespace: 10.1.1.2 and fd00:1::2 on v1. The far one has
// 10.1.1.1 and fd00:1::1 on v2. Echo servers on kEchoPort of both.
class FaultLab : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    loopback_up();
    far_.emplace();
    netlink::RouteSocket route;
    route.create_veth("v1", "v2", far_->fd().get());
    address(route, "v1", "10.1.1.2", "fd00:1::2");
    near_echo_.emplace(kEchoPort);
    {
      const NetnsGuard inside{far_->fd()};
      netlink::RouteSocket there;
      there.set_up("lo");
      address(there, "v2", "10.1.1.1", "fd00:1::1");
      far_echo_.emplace(kEchoPort);
    }
    loop_.emplace();
    // A new veth swallows what comes before its carrier has been noticed.
    for (const char* const peer : {"10.1.1.1", "fd00:1::1"}) {
      Seen seen{ETIMEDOUT, {}};
      for (int tries = 0; tries < 20 && seen.error != 0; ++tries) {
        Client client{SOCK_DGRAM, peer, kEchoPort, std::chrono::milliseconds{100}};
        if (client.send_to() == 0) seen = client.receive();
      }
      ASSERT_EQ(seen, 0) << peer;
    }
  }

  void TearDown() override {
    loop_.reset();
    far_echo_.reset();
    near_echo_.reset();
    far_.reset();
    KernelTest::TearDown();
  }

  const UniqueFd& far() const { return far_->fd(); }
  LoopThread& loop() { return *loop_; }

  static void address(netlink::RouteSocket& route, const char* device, const char* v4,
                      const char* v6) {
    route.add_address(device, *parse_address(v4), 24);
    route.set_up(device);
    route.add_address(device, *parse_address(v6), 64);
  }

 private:
  std::optional<OtherNetns> far_;
  std::optional<EchoServer> near_echo_, far_echo_;
  std::optional<LoopThread> loop_;
};

}  // namespace blackstart::test
