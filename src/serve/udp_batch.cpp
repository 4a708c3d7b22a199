#include "serve/udp_batch.h"

#include <cerrno>
#include <cstring>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

// Buffers a power of two apart would all compete for the same lines of the cache.
constexpr std::size_t kStrideExtra = 192;

}  // namespace

UdpInbox::UdpInbox(std::size_t bytes_max)
    : bytes_max_{bytes_max},
      stride_{bytes_max + kStrideExtra},
      // Not cleared, so pages that no datagram reaches are never resident.
      bytes_{std::make_unique_for_overwrite<std::uint8_t[]>(kUdpBatch * stride_)} {
  for (std::size_t i = 0; i < kUdpBatch; ++i) {
    parts_[i] = {bytes_.get() + i * stride_, bytes_max_};
    messages_[i] = {};
    messages_[i].msg_hdr.msg_name = &from_[i].any;
    messages_[i].msg_hdr.msg_iov = &parts_[i];
    messages_[i].msg_hdr.msg_iovlen = 1;
    messages_[i].msg_hdr.msg_control = control_[i].bytes.data();
  }
}

int UdpInbox::receive(int fd) {
  for (mmsghdr& message : messages_) {
    message.msg_hdr.msg_namelen = sizeof(sockaddr_in6);
    message.msg_hdr.msg_controllen = sizeof(Control);
  }
  const int came = ::recvmmsg(fd, messages_.data(), kUdpBatch, MSG_DONTWAIT, nullptr);
  if (came < 0) return errno == EAGAIN || errno == EINTR ? 0 : -errno;
  for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) {
    from_[i].length = messages_[i].msg_hdr.msg_namelen;
  }
  return came;
}

std::span<std::uint8_t> UdpInbox::message(std::size_t i) const {
  if ((messages_[i].msg_hdr.msg_flags & MSG_TRUNC) != 0) return {};
  return {bytes_.get() + i * stride_, messages_[i].msg_len};
}

AskedAddress UdpInbox::asked(std::size_t i) const {
  AskedAddress out;
  msghdr header = messages_[i].msg_hdr;
  for (const cmsghdr* c = CMSG_FIRSTHDR(&header); c;
       c = CMSG_NXTHDR(&header, const_cast<cmsghdr*>(c))) {
    if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
      in_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.family = AF_INET;
      std::memcpy(out.bytes.data(), &info.ipi_spec_dst, 4);
    } else if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
      in6_pktinfo info{};
      std::memcpy(&info, CMSG_DATA(c), sizeof info);
      out.family = AF_INET6;
      if (IN6_IS_ADDR_LINKLOCAL(&info.ipi6_addr)) out.interface = info.ipi6_ifindex;
      std::memcpy(out.bytes.data(), &info.ipi6_addr, 16);
    }
  }
  return out;
}

void UdpOutbox::add(std::span<const std::uint8_t> bytes) {
  BS_ASSERT(!full());
  const std::size_t i = count_++;
  // sendmsg(2) reads only, but msghdr serves both ways.
  parts_[i] = {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
  messages_[i] = {};
  messages_[i].msg_hdr.msg_iov = &parts_[i];
  messages_[i].msg_hdr.msg_iovlen = 1;
}

void UdpOutbox::add(std::span<const std::uint8_t> bytes, const SocketAddress& to,
                    const AskedAddress& asked) {
  const std::size_t i = count_;
  add(bytes);
  to_[i] = to;
  messages_[i].msg_hdr.msg_name = &to_[i].any;
  messages_[i].msg_hdr.msg_namelen = to.length;
  if (asked.family != AF_UNSPEC) leave_from(i, asked);
}

void UdpOutbox::leave_from(std::size_t i, const AskedAddress& asked) {
  msghdr& header = messages_[i].msg_hdr;
  header.msg_control = control_[i].bytes.data();
  header.msg_controllen = sizeof(Control);
  cmsghdr* const c = CMSG_FIRSTHDR(&header);
  if (asked.family == AF_INET) {
    in_pktinfo info{};
    std::memcpy(&info.ipi_spec_dst, asked.bytes.data(), 4);
    c->cmsg_level = IPPROTO_IP;
    c->cmsg_type = IP_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = asked.interface;
    std::memcpy(&info.ipi6_addr, asked.bytes.data(), 16);
    c->cmsg_level = IPPROTO_IPV6;
    c->cmsg_type = IPV6_PKTINFO;
    c->cmsg_len = CMSG_LEN(sizeof info);
    std::memcpy(CMSG_DATA(c), &info, sizeof info);
    header.msg_controllen = CMSG_SPACE(sizeof info);
  }
}

std::span<const UdpOutbox::Refused> UdpOutbox::flush(int fd) {
  refused_.clear();
  bool asked_again = false;
  for (std::size_t done = 0; done < count_;) {
    const int sent = ::sendmmsg(fd, &messages_[done], static_cast<unsigned>(count_ - done), 0);
    if (sent > 0) {
      done += static_cast<std::size_t>(sent);
      asked_again = false;
    } else if (!asked_again && (errno == ECONNREFUSED || errno == EINTR)) {
      // A connected socket first reports what became of earlier datagrams, and sends nothing.
      asked_again = true;
    } else {
      refused_.push_back({done++, errno});
      asked_again = false;
    }
  }
  count_ = 0;
  return refused_;
}

}  // namespace blackstart
