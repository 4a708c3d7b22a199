#pragma once

// Two namespaces joined by a veth, and a rule by which what comes in here is queued for a shaper;
// stamped datagrams and a bulk connection from the far side. For tests and benchmarks.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

#include "netlink/kernel_facts.h"
#include "netlink/link.h"
#include "netlink/nft_owner.h"
#include "support/other_netns.h"
#include "sys/clock.h"

namespace blackstart::test {

inline constexpr std::uint16_t kShapedQueue = 7;
inline constexpr std::uint16_t kShapedPort = 9'999;
inline constexpr std::uint32_t kCopiesMark = 0x40;

// How rules reach a queue on this machine, if at all. Call it before there are threads.
inline std::optional<netlink::QueueTo::Via> queue_via() {
  const netlink::KernelFacts facts = netlink::probe_kernel(Needs::nft_queue | Needs::compat_queue);
  if (facts.find(Needs::nft_queue)->ok) return netlink::QueueTo::Via::nft;
  if (facts.find(Needs::compat_queue)->ok) return netlink::QueueTo::Via::xtables;
  return std::nullopt;
}

// The family's address of the near (1) or far (2) end.
struct EndAddress {
  EndAddress(bool v6, int end, std::uint16_t port) {
    in4.sin_family = AF_INET;
    in4.sin_port = htons(port);
    in4.sin_addr.s_addr = htonl(0x0a000000U + static_cast<std::uint32_t>(end));
    in6.sin6_family = AF_INET6;
    in6.sin6_port = htons(port);
    in6.sin6_addr.s6_addr[0] = 0xfd;
    in6.sin6_addr.s6_addr[15] = static_cast<std::uint8_t>(end);
    address =
        v6 ? reinterpret_cast<const sockaddr*>(&in6) : reinterpret_cast<const sockaddr*>(&in4);
    size = v6 ? sizeof in6 : sizeof in4;
  }
  EndAddress(const EndAddress&) = delete;
  EndAddress& operator=(const EndAddress&) = delete;

  sockaddr_in in4{};
  sockaddr_in6 in6{};
  const sockaddr* address;
  socklen_t size;
};

class ShapedLink {
 public:
  // The near end is in the calling thread's namespace.
  ShapedLink() {
    netlink::RouteSocket here;
    here.set_up("lo");
    here.create_veth("v1", "v2", far_.fd().get());
    furnish(here, "v1", 1);
    const NetnsGuard guard{far_.fd()};
    netlink::RouteSocket there;
    there.set_up("lo");
    furnish(there, "v2", 2);
  }

  const UniqueFd& far() const { return far_.fd(); }

  // What comes in by v1, but for copies, goes to kShapedQueue, before conntrack.
  static netlink::Ruleset rules(netlink::QueueTo::Via via) {
    using namespace netlink;
    Rule rule{{MatchInterface{Side::source, "v1"}, MatchL4{{L4::tcp, L4::udp}}, CountHere{},
               QueueTo{kShapedQueue, via}},
              ""};
    Table table{.chains = {{"pre",
                            BaseChain{ChainType::filter, Hook::prerouting, -310, {}},
                            {{{MatchMark{MarkOf::packet, kCopiesMark, kCopiesMark}, Accept{}}, ""},
                             std::move(rule)}}}};
    return {{std::move(table)}};
  }

 private:
  static void furnish(netlink::RouteSocket& route, const char* device, std::uint8_t end) {
    route.add_address(device, {false, {10, 0, 0, end}}, 24);
    route.set_up(device);
    Address v6{true, {0xfd}};
    v6.bytes[15] = end;
    route.add_address(device, v6, 64);
  }

  OtherNetns far_;
};

struct Arrival {
  std::uint32_t number = 0;
  Duration took{};
};

// Datagrams from the far end to the near one, each with a number and the instant it was sent.
class StampedFlow {
 public:
  explicit StampedFlow(const ShapedLink& link, bool v6 = false) : v6_{v6} {
    near_ = open();
    const EndAddress at{v6_, 1, kShapedPort};
    check("bind", ::bind(near_.get(), at.address, at.size));
    const int room = 8 << 20;
    ::setsockopt(near_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
    const NetnsGuard guard{link.far()};
    far_ = open();
    check("connect", ::connect(far_.get(), at.address, at.size));
  }

  // Sends until one gets through: a new link takes up to a second to notice that it is ready,
  // and both ends must learn each other's hardware address.
  bool warm_up() {
    bool through = false;
    for (int i = 0; i < 100 && !through; ++i) {
      send();
      through = receive(std::chrono::milliseconds{50}).has_value();
    }
    drain(std::chrono::milliseconds{20});
    sent_ = 0;
    return through;
  }

  void send(std::size_t bytes = sizeof(Stamp)) {
    std::array<char, 1'400> packet{};
    const Stamp stamp{sent_++, clock_.now().since_start.count()};
    std::memcpy(packet.data(), &stamp, sizeof stamp);
    // A full queue of the device is no mistake.
    [[maybe_unused]] const ssize_t sent = ::send(far_.get(), packet.data(), bytes, 0);
  }

  std::optional<Arrival> receive(std::chrono::milliseconds patience) {
    pollfd waiting{near_.get(), POLLIN, 0};
    if (::poll(&waiting, 1, static_cast<int>(patience.count())) <= 0) return std::nullopt;
    std::array<char, 1'400> packet;
    const ssize_t size = ::recv(near_.get(), packet.data(), packet.size(), 0);
    Stamp stamp{};
    if (size < static_cast<ssize_t>(sizeof stamp)) return std::nullopt;
    std::memcpy(&stamp, packet.data(), sizeof stamp);
    return Arrival{stamp.number, clock_.now().since_start - Duration{stamp.sent}};
  }

  // Everything that comes until nothing came for `patience`.
  std::vector<Arrival> drain(std::chrono::milliseconds patience) {
    std::vector<Arrival> out;
    while (const auto arrival = receive(patience)) out.push_back(*arrival);
    return out;
  }

 private:
  struct Stamp {
    std::uint32_t number;
    std::int64_t sent;
  };

  UniqueFd open() const {
    return UniqueFd{check("socket(UDP)", ::socket(v6_ ? AF_INET6 : AF_INET,
                                                  SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  }

  bool v6_;
  MonotonicClock clock_;
  UniqueFd near_, far_;
  std::uint32_t sent_ = 0;
};

// Connections that the far end fills as fast as they go, and a count of what came out of them.
class BulkFlow {
 public:
  BulkFlow(const ShapedLink& link, int connections) {
    const EndAddress at{false, 1, kShapedPort};
    const UniqueFd listener{tcp_socket()};
    const int on = 1;
    ::setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    check("bind", ::bind(listener.get(), at.address, at.size));
    check("listen", ::listen(listener.get(), connections));
    for (int i = 0; i < connections; ++i) {
      UniqueFd client;
      {
        const NetnsGuard guard{link.far()};
        client = tcp_socket();
      }
      check("connect", ::connect(client.get(), at.address, at.size));
      near_.emplace_back(
          check("accept", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC)));
      far_.push_back(std::move(client));
    }
    threads_.emplace_back([this] { pump(far_, POLLOUT); });
    threads_.emplace_back([this] { pump(near_, POLLIN); });
  }
  ~BulkFlow() {
    ending_ = true;
    for (std::thread& thread : threads_) thread.join();
  }
  BulkFlow(const BulkFlow&) = delete;
  BulkFlow& operator=(const BulkFlow&) = delete;

  std::uint64_t received() const { return received_; }
  bool intact() const { return intact_; }

 private:
  static UniqueFd tcp_socket() {
    return UniqueFd{check("socket(TCP)", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  }

  // The bytes of a stream count up, modulo 251.
  void pump(std::vector<UniqueFd>& ends, short what) {
    std::vector<std::uint8_t> pattern(256 << 10), buffer(256 << 10);
    for (std::size_t i = 0; i < pattern.size(); ++i)
      pattern[i] = static_cast<std::uint8_t>(i % 251);
    std::vector<std::size_t> place(ends.size());
    std::vector<pollfd> polled;
    for (const UniqueFd& end : ends) polled.push_back({end.get(), what, 0});
    while (!ending_) {
      if (::poll(polled.data(), polled.size(), 20) <= 0) continue;
      for (std::size_t i = 0; i < ends.size(); ++i) {
        if ((polled[i].revents & what) == 0) continue;
        const std::uint8_t* expected = pattern.data() + place[i];
        const std::size_t room = (128 << 10);
        const ssize_t size =
            what == POLLOUT ? ::send(ends[i].get(), expected, room, MSG_DONTWAIT | MSG_NOSIGNAL)
                            : ::recv(ends[i].get(), buffer.data(), room, MSG_DONTWAIT);
        if (size <= 0) continue;
        const auto bytes = static_cast<std::size_t>(size);
        if (what == POLLIN) {
          if (std::memcmp(buffer.data(), expected, bytes) != 0) intact_ = false;
          received_ += bytes;
        }
        place[i] = (place[i] + bytes) % 251;
      }
    }
  }

  std::vector<UniqueFd> near_, far_;
  std::atomic<bool> ending_ = false, intact_ = true;
  std::atomic<std::uint64_t> received_ = 0;
  std::vector<std::thread> threads_;
};

}  // namespace blackstart::test
