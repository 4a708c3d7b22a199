#include "fault/answerer.h"

#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

#include "fault/compiler.h"
#include "sys/fd.h"

namespace blackstart {
namespace {

// Enough of a packet for any error that quotes it.
constexpr std::size_t kPacketBytes = 1'280;
constexpr int kPacketsAtOnce = 64;  // then others on the loop have their turn

// Everything that is sent into `device`, from the network header on, whatever kind of device
// it was to leave by.
UniqueFd tap(const char* device) {
  UniqueFd fd{check("socket(AF_PACKET)",
                    ::socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(ETH_P_ALL);
  const unsigned index = ::if_nametoindex(device);
  at.sll_ifindex = check("if_nametoindex(" + std::string{device} + ")",
                         index > 0 ? static_cast<int>(index) : -1);
  check("bind(" + std::string{device} + ")",
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  return fd;
}

// Takes whole packets, headers included. Senders are local, since only inet output marks, so
// answers to them never leave the machine.
UniqueFd raw_socket(int family) {
  const bool v6 = family == AF_INET6;
  return UniqueFd{check(v6 ? "socket(AF_INET6, SOCK_RAW)" : "socket(AF_INET, SOCK_RAW)",
                        ::socket(family, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_RAW))};
}

}  // namespace

class Answerer::Impl : public std::enable_shared_from_this<Answerer::Impl> {
 public:
  explicit Impl(boost::asio::io_context& io)
      : taps_{Tap{io, kHostAnswerDevice, Unreachable::host},
              Tap{io, kPortAnswerDevice, Unreachable::port}},
        v4_{raw_socket(AF_INET)} {
    try {
      v6_ = raw_socket(AF_INET6);
    } catch (const std::system_error& failure) {
      // A kernel without IPv6 has nobody to answer there.
      if (failure.code() != std::errc::address_family_not_supported) throw;
    }
  }

  void start() {
    for (Tap& tap : taps_) wait(tap);
  }

  void stop() {
    for (Tap& tap : taps_) tap.fd.close();
  }

 private:
  struct Tap {
    Tap(boost::asio::io_context& io, const char* device, Unreachable with)
        : fd{io, tap(device).release()}, what{with} {}

    boost::asio::posix::stream_descriptor fd;
    Unreachable what;
  };

  void wait(Tap& tap) {
    tap.fd.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                      [self = shared_from_this(), &tap](const boost::system::error_code& error) {
                        if (error) return;
                        self->drain(tap);
                        self->wait(tap);
                      });
  }

  void drain(Tap& tap) {
    for (int turn = 0; turn < kPacketsAtOnce; ++turn) {
      sockaddr_ll from{};
      socklen_t from_size = sizeof from;
      const ssize_t size = ::recvfrom(tap.fd.native_handle(), packet_.data(), packet_.size(),
                                      MSG_TRUNC, reinterpret_cast<sockaddr*>(&from), &from_size);
      if (size < 0) {
        if (errno == EINTR) continue;
        return;
      }
      // What is sent into one end of a veth pair comes out of the other.
      if (from.sll_pkttype != PACKET_OUTGOING) continue;
      const auto seen = std::min(static_cast<std::size_t>(size), packet_.size());
      if (const auto error = icmp_error_for({packet_.data(), seen}, tap.what)) send(*error);
    }
  }

  // A sender that is gone needs no answer, so nothing is done about a failure.
  void send(const IcmpError& error) {
    if (!error.to.v6) {
      sockaddr_in to{};
      to.sin_family = AF_INET;
      std::memcpy(&to.sin_addr, error.to.bytes.data(), sizeof to.sin_addr);
      ::sendto(v4_.get(), error.bytes.data(), error.bytes.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    } else if (v6_) {
      sockaddr_in6 to{};
      to.sin6_family = AF_INET6;
      std::memcpy(&to.sin6_addr, error.to.bytes.data(), sizeof to.sin6_addr);
      ::sendto(v6_.get(), error.bytes.data(), error.bytes.size(), MSG_NOSIGNAL,
               reinterpret_cast<const sockaddr*>(&to), sizeof to);
    }
  }

  std::array<Tap, 2> taps_;
  UniqueFd v4_, v6_;
  std::array<std::uint8_t, kPacketBytes> packet_{};
};

Answerer::Answerer(boost::asio::io_context& io) : impl_{std::make_shared<Impl>(io)} {
  impl_->start();
}

Answerer::~Answerer() { impl_->stop(); }

}  // namespace blackstart
