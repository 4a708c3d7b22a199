#include "fault/canary.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sys/socket.h>

#include <array>
#include <cstring>
#include <optional>
#include <type_traits>

#include "sys/clock.h"

namespace blackstart {
namespace {

// Local experimental Ethertype 1 (IEEE 802): nobody else's traffic on a device of ours.
constexpr std::uint16_t kEthertype = 0x88b5;
constexpr std::size_t kUnderWayMost = 1'024;
constexpr auto kGrace = std::chrono::milliseconds{100};

struct Frame {
  ether_header ethernet{};
  std::array<std::uint8_t, 6> unused{};  // keeps `number` where its alignment wants it
  std::uint64_t number = 0;
  std::array<std::uint8_t, 32> padding{};  // to the least that Ethernet carries
};
static_assert(sizeof(Frame) >= 60 && std::is_trivially_copyable_v<Frame>);

UniqueFd packet_socket(const std::string& device, int protocol) {
  UniqueFd fd{
      check("socket(AF_PACKET)", ::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))};
  // Everything else that leaves the device stays in the kernel.
  std::array filter{
      sock_filter BPF_STMT(BPF_LD | BPF_H | BPF_ABS, offsetof(ether_header, ether_type)),
      sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, kEthertype, 0, 1),
      sock_filter BPF_STMT(BPF_RET | BPF_K, sizeof(Frame)),
      sock_filter BPF_STMT(BPF_RET | BPF_K, 0)};
  const sock_fprog program{.len = filter.size(), .filter = filter.data()};
  check("attach a filter",
        ::setsockopt(fd.get(), SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program));
  sockaddr_ll at{};
  at.sll_family = AF_PACKET;
  at.sll_protocol = htons(static_cast<std::uint16_t>(protocol));
  const unsigned index = ::if_nametoindex(device.c_str());
  at.sll_ifindex =
      check("if_nametoindex(" + device + ")", index > 0 ? static_cast<int>(index) : -1);
  check("bind(" + device + ")",
        ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  return fd;
}

// When the kernel saw the packet, if it says.
std::optional<Duration> stamp_of(msghdr& message) {
  for (cmsghdr* at = CMSG_FIRSTHDR(&message); at != nullptr; at = CMSG_NXTHDR(&message, at)) {
    if (at->cmsg_level != SOL_SOCKET || at->cmsg_type != SCM_TIMESTAMPNS) continue;
    timespec stamp{};
    std::memcpy(&stamp, CMSG_DATA(at), sizeof stamp);
    return std::chrono::seconds{stamp.tv_sec} + std::chrono::nanoseconds{stamp.tv_nsec};
  }
  return std::nullopt;
}

}  // namespace

Canary::Canary(const std::string& device)
    : in_{packet_socket(device, 0)}, out_{packet_socket(device, ETH_P_ALL)} {
  const int on = 1;
  check("setsockopt(SO_TIMESTAMPNS)",
        ::setsockopt(out_.get(), SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof on));
}

void Canary::send(Duration asked) {
  Frame frame;
  frame.ethernet.ether_type = htons(kEthertype);
  frame.number = next_;
  if (under_way_.size() == kUnderWayMost) under_way_.erase(under_way_.begin());
  const Duration at = packet_stamp_now();
  if (::send(in_.get(), &frame, sizeof frame, 0) < 0) return;
  under_way_.emplace_hint(under_way_.end(), next_++, Sent{at, asked});
}

Canary::Figures Canary::figures() {
  drain();
  Figures out = figures_;
  const Duration now = packet_stamp_now();
  for (const auto& [number, sent] : under_way_) {
    if (now - sent.at > 2 * sent.asked + kGrace) ++out.lost;
  }
  return out;
}

void Canary::drain() {
  for (;;) {
    Frame frame;
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(timespec))> control{};
    iovec bytes{&frame, sizeof frame};
    msghdr message{};
    message.msg_iov = &bytes;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t size = ::recvmsg(out_.get(), &message, 0);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return;
    const auto at = stamp_of(message);
    if (static_cast<std::size_t>(size) == sizeof frame && at) receive(frame.number, *at);
  }
}

// A second copy of a doubled one, and one whose number the device has corrupted, are unknown.
void Canary::receive(std::uint64_t number, Duration at) {
  const auto found = under_way_.find(number);
  if (found == under_way_.end()) return;
  const Sent sent = found->second;
  under_way_.erase(found);
  if (at < sent.at) return;  // the wall clock was set back in between
  ++figures_.timed;
  figures_.asked += sent.asked;
  figures_.added += at - sent.at;
}

}  // namespace blackstart
