#include "netlink/socket.h"

#include <fcntl.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <stdexcept>

namespace blackstart::netlink {
namespace {

constexpr int kReceiveRoom = 4 << 20;
constexpr std::size_t kDumpBytes = 64 << 10;   // the kernel's dumps come in 32 KiB at most
constexpr std::size_t kAnswerBytes = 8 << 10;  // a verdict, without the message it is about
constexpr int kDumpAttempts = 8;               // of one that changes while it is read

// What each datagram costs the send buffer besides its bytes.
constexpr std::size_t kSendOverhead = 4096;

int bind_port(int fd, std::uint32_t port) {
  sockaddr_nl address{};
  address.nl_family = AF_NETLINK;
  address.nl_pid = port;
  return ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
}

void set_number(Bytes& message, std::size_t offset, std::uint32_t value) {
  std::memcpy(message.data() + offset, &value, sizeof value);
}

void add_flags(Bytes& message, std::uint16_t flags) {
  std::uint16_t all = 0;
  std::memcpy(&all, message.data() + offsetof(nlmsghdr, nlmsg_flags), sizeof all);
  all = static_cast<std::uint16_t>(all | flags);
  std::memcpy(message.data() + offsetof(nlmsghdr, nlmsg_flags), &all, sizeof all);
}

// Of an NLMSG_ERROR or NLMSG_DONE: an errno value (0: an acknowledgement) and the text that
// the kernel put beside it (NETLINK_EXT_ACK).
Refusal read_verdict(const MessageView& message) {
  Refusal refusal{message.header.nlmsg_seq, 0, {}};
  const auto code = message.fixed<std::int32_t>();
  if (!code) return refusal;
  refusal.error = -*code;
  if (message.header.nlmsg_type == NLMSG_DONE) {
    refusal.text = message.attributes<std::int32_t>().text(NLMSGERR_ATTR_MSG);
    return refusal;
  }
  const auto error = message.fixed<nlmsgerr>();
  if (!error || (message.header.nlmsg_flags & NLM_F_ACK_TLVS) == 0) return refusal;
  const bool capped = (message.header.nlmsg_flags & NLM_F_CAPPED) != 0;
  const std::size_t echoed = capped ? 0 : error->msg.nlmsg_len - sizeof(nlmsghdr);
  const std::size_t skip = sizeof(nlmsgerr) + NLMSG_ALIGN(echoed);
  if (skip > message.body.size()) return refusal;
  refusal.text = Attributes{message.body.subspan(skip)}.text(NLMSGERR_ATTR_MSG);
  return refusal;
}

}  // namespace

std::system_error refused(std::string_view attempt, const Refusal& refusal) {
  std::string what{attempt};
  if (!refusal.text.empty()) what += ": " + refusal.text;
  return std::system_error{refusal.error, std::system_category(), what};
}

Socket::Socket(int protocol, Port port)
    : fd_{check("socket(AF_NETLINK)", ::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol))} {
  const int yes = 1;
  // Older kernels lack one or the other: then errors come without their text.
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_EXT_ACK, &yes, sizeof yes);
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_CAP_ACK, &yes, sizeof yes);
  ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_GET_STRICT_CHK, &yes, sizeof yes);
  if (::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveRoom, sizeof kReceiveRoom)) {
    ::setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveRoom, sizeof kReceiveRoom);
  }

  const auto own = static_cast<std::uint32_t>(::getpid());
  if (port != Port::own_pid || bind_port(fd_.get(), own) != 0) {
    check("bind(AF_NETLINK)", bind_port(fd_.get(), 0));
  }
  sockaddr_nl bound{};
  socklen_t size = sizeof bound;
  check("getsockname(AF_NETLINK)",
        ::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&bound), &size));
  port_ = bound.nl_pid;
}

void Socket::be_closed_first() {
  constexpr rlim_t kMost = 65'536;  // a table of files as long as the highest is copied by fork()
  constexpr rlim_t kOwners = 16;
  rlimit files{};
  check("getrlimit(RLIMIT_NOFILE)", ::getrlimit(RLIMIT_NOFILE, &files));
  const rlim_t end = std::min(files.rlim_cur, kMost);
  if (end <= kOwners) return;
  const int high = ::fcntl(fd_.get(), F_DUPFD_CLOEXEC, static_cast<int>(end - kOwners));
  if (high >= 0) fd_ = UniqueFd{high};
}

std::uint32_t Socket::interface_index(std::string_view name) const {
  ifreq request{};
  if (name.empty() || name.size() >= sizeof request.ifr_name) {
    throw std::invalid_argument{"not a name of an interface: " + std::string{name}};
  }
  std::copy(name.begin(), name.end(), request.ifr_name);
  check("interface " + std::string{name}, ::ioctl(fd_.get(), SIOCGIFINDEX, &request));
  return static_cast<std::uint32_t>(request.ifr_ifindex);
}

std::uint32_t Socket::take_sequences(std::uint32_t count) {
  const std::uint32_t first = next_sequence_;
  next_sequence_ += count;
  return first;
}

std::size_t Socket::reserve_send(std::size_t size) {
  const std::size_t wanted = size + kSendOverhead;
  if (wanted > send_room_) {
    // The kernel doubles what it is asked for, and compares with that.
    const int half = static_cast<int>(std::min<std::size_t>(wanted / 2 + 1, 1 << 30));
    if (::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUFFORCE, &half, sizeof half) != 0) {
      ::setsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &half, sizeof half);
    }
    int room = 0;
    socklen_t length = sizeof room;
    check("getsockopt(SO_SNDBUF)", ::getsockopt(fd_.get(), SOL_SOCKET, SO_SNDBUF, &room, &length));
    send_room_ = static_cast<std::size_t>(room);
  }
  return send_room_ - std::min(send_room_, kSendOverhead);
}

void Socket::send_all(std::span<const std::byte> messages, std::string_view attempt) {
  sockaddr_nl kernel{};
  kernel.nl_family = AF_NETLINK;
  ssize_t sent = 0;
  do {
    sent = ::sendto(fd_.get(), messages.data(), messages.size(), 0,
                    reinterpret_cast<const sockaddr*>(&kernel), sizeof kernel);
  } while (sent < 0 && errno == EINTR);
  check(attempt, sent);
}

// The size of one datagram; nullopt when none is waiting, with MSG_DONTWAIT.
std::optional<std::size_t> Socket::receive(std::span<std::byte> into, int flags,
                                           std::string_view attempt) {
  for (;;) {
    const ssize_t size = ::recv(fd_.get(), into.data(), into.size(), flags);
    if (size >= 0) return static_cast<std::size_t>(size);
    if (errno == EINTR) continue;
    if (errno == EAGAIN) return std::nullopt;
    // ENOBUFS: answers were lost; the last one, which is what counts, may yet come.
    if (errno != ENOBUFS || (flags & MSG_DONTWAIT) == 0) check(attempt, size);
  }
}

std::optional<Refusal> Socket::send(std::span<const std::byte> messages, std::uint32_t last,
                                    std::string_view attempt) {
  reserve_send(messages.size());
  send_all(messages, attempt);
  std::optional<Refusal> first;
  bool acknowledged = false;
  std::array<std::byte, kAnswerBytes> buffer;
  while (const auto size = receive(buffer, MSG_DONTWAIT, attempt)) {
    ByteView rest = ByteView{buffer}.first(*size);
    while (const auto message = take_message(rest)) {
      if (message->header.nlmsg_type != NLMSG_ERROR) continue;
      const Refusal verdict = read_verdict(*message);
      if (verdict.error != 0 && !first) first = verdict;
      if (verdict.error == 0 && verdict.sequence == last) acknowledged = true;
    }
  }
  if (!first && !acknowledged) first = Refusal{last, EPROTO, "the kernel gave no answer"};
  return first;
}

void Socket::ask(Bytes message, std::string_view attempt) {
  const std::uint32_t sequence = take_sequences(1);
  set_number(message, offsetof(nlmsghdr, nlmsg_seq), sequence);
  add_flags(message, NLM_F_ACK);
  if (const auto refusal = send(message, sequence, attempt)) throw refused(attempt, *refusal);
}

// nullopt when something changed while the kernel walked its list.
std::optional<Bytes> Socket::dump_once(Bytes& request, std::string_view attempt) {
  const std::uint32_t sequence = take_sequences(1);
  set_number(request, offsetof(nlmsghdr, nlmsg_seq), sequence);
  send_all(request, attempt);
  Bytes answers;
  bool consistent = true;
  for (;;) {
    const std::size_t start = answers.size();
    answers.resize(start + kDumpBytes);
    const auto size = receive(std::span{answers}.subspan(start), 0, attempt);
    answers.resize(start + size.value_or(0));
    ByteView rest = ByteView{answers}.subspan(start);
    while (const auto message = take_message(rest)) {
      if (message->header.nlmsg_seq != sequence) continue;
      if ((message->header.nlmsg_flags & NLM_F_DUMP_INTR) != 0) consistent = false;
      const bool error = message->header.nlmsg_type == NLMSG_ERROR;
      if (!error && message->header.nlmsg_type != NLMSG_DONE) continue;
      const Refusal verdict = read_verdict(*message);
      if (verdict.error != 0) throw refused(attempt, verdict);
      return consistent ? std::optional{std::move(answers)} : std::nullopt;
    }
  }
}

Bytes Socket::dump(Bytes request, std::string_view attempt) {
  add_flags(request, NLM_F_DUMP);
  for (int i = 0; i < kDumpAttempts; ++i) {
    if (auto answers = dump_once(request, attempt)) return std::move(*answers);
  }
  throw std::system_error{EAGAIN, std::system_category(), std::string{attempt}};
}

void Socket::join(unsigned group) {
  check("setsockopt(NETLINK_ADD_MEMBERSHIP)",
        ::setsockopt(fd_.get(), SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof group));
}

// ENOBUFS says that some were lost, which is no reason to stop.
void Socket::discard_waiting() noexcept {
  std::array<std::byte, 4096> buffer;
  while (::recv(fd_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT) >= 0 || errno == ENOBUFS ||
         errno == EINTR) {
  }
}

}  // namespace blackstart::netlink
