#include "netlink/nfqueue.h"

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink_queue.h>
#include <net/ethernet.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <string>

namespace blackstart::netlink {
namespace {

// A packet of 64 KiB and what describes it; odd, so that the starts spread over the cache.
constexpr std::size_t kMessageBytes = (64 << 10) + 17 * 64;
constexpr int kReceiveRoom = 16 << 20;
constexpr std::size_t kVerdictBytes = 32 << 10;  // gathered before they are sent unasked
constexpr std::size_t kSendRoom = 96 << 10;      // a packet of 64 KiB with its verdict fits
constexpr std::uint32_t kSegments = NFQA_CFG_F_FAIL_OPEN;
constexpr std::uint32_t kAsHandled = NFQA_CFG_F_FAIL_OPEN | NFQA_CFG_F_GSO;

MessageWriter queue_message(std::uint8_t type, std::uint16_t number) {
  return MessageWriter{static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type), NLM_F_REQUEST,
                       nfgenmsg{AF_UNSPEC, NFNETLINK_V0, htons(number)}};
}

// The first byte of a packet brings its length along; without any the kernel tells none.
void put_settings(MessageWriter& out, const NfQueue::Settings& settings) {
  const std::uint32_t range = settings.payload ? 0xffff : 1;
  out.put(NFQA_CFG_PARAMS, nfqnl_msg_config_params{htonl(range), NFQNL_COPY_PACKET});
  out.put_big(NFQA_CFG_QUEUE_MAXLEN, settings.packets_max);
  out.put_big(NFQA_CFG_MASK, kAsHandled);
  out.put_big(NFQA_CFG_FLAGS, settings.segments ? kSegments : kAsHandled);
}

QueuedPacket packet_of(const MessageView& message) {
  const Attributes attributes = message.attributes<nfgenmsg>();
  const auto header = attributes.get<nfqnl_msg_packet_hdr>(NFQA_PACKET_HDR);
  QueuedPacket packet;
  if (!header) return packet;
  packet.id = ntohl(header->packet_id);
  packet.v6 = ntohs(header->hw_protocol) == ETHERTYPE_IPV6;
  packet.interface = attributes.get_big<std::uint32_t>(NFQA_IFINDEX_INDEV).value_or(0);
  packet.payload = attributes.find(NFQA_PAYLOAD).value_or(ByteView{});
  packet.bytes = attributes.get_big<std::uint32_t>(NFQA_CAP_LEN)
                     .value_or(static_cast<std::uint32_t>(packet.payload.size()));
  return packet;
}

}  // namespace

QueueInbox::QueueInbox() : bytes_{new std::byte[kMessages * kMessageBytes]} {}

NfQueue::NfQueue(std::uint16_t number, const Settings& settings)
    : socket_{NETLINK_NETFILTER}, number_{number} {
  // Above the system's limit where that is permitted; what does not fit passes, and is counted.
  ::setsockopt(fd(), SOL_SOCKET, SO_RCVBUFFORCE, &kReceiveRoom, sizeof kReceiveRoom);
  // Otherwise one overrun closes the socket's ears until it has been read empty.
  const int yes = 1;
  ::setsockopt(fd(), SOL_NETLINK, NETLINK_NO_ENOBUFS, &yes, sizeof yes);
  const std::string attempt = "bind queue " + std::to_string(number);
  MessageWriter bind = queue_message(NFQNL_MSG_CONFIG, number);
  bind.put(NFQA_CFG_CMD, nfqnl_msg_config_cmd{NFQNL_CFG_CMD_BIND, 0, 0});
  put_settings(bind, settings);
  socket_.reserve_send(kSendRoom);
  socket_.ask(bind.take(), attempt);
  verdicts_.reserve(kVerdictBytes);
}

void NfQueue::change(const Settings& settings) {
  flush();
  // Unacknowledged: the answer would have to be sought among packets.
  MessageWriter out = queue_message(NFQNL_MSG_CONFIG, number_);
  put_settings(out, settings);
  const Bytes message = out.take();
  check("change queue " + std::to_string(number_), ::send(fd(), message.data(), message.size(), 0));
}

std::span<const QueuedPacket> NfQueue::receive(QueueInbox& inbox) {
  std::array<iovec, QueueInbox::kMessages> parts;
  std::array<mmsghdr, QueueInbox::kMessages> messages{};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = {inbox.bytes_.get() + i * kMessageBytes, kMessageBytes};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  const int got = ::recvmmsg(fd(), messages.data(), messages.size(), MSG_DONTWAIT, nullptr);
  const bool nothing = got < 0 && (errno == EAGAIN || errno == EINTR || errno == ENOBUFS);
  if (!nothing) check("read queue " + std::to_string(number_), got);
  std::size_t count = 0;
  for (int i = 0; i < got; ++i) {
    const auto at = static_cast<std::size_t>(i);
    ByteView bytes{inbox.bytes_.get() + at * kMessageBytes, messages[at].msg_len};
    const auto message = take_message(bytes);
    // Else it is the refusal of a verdict that came too late.
    constexpr int kPacket = NFNL_SUBSYS_QUEUE << 8 | NFQNL_MSG_PACKET;
    if (!message || message->header.nlmsg_type != kPacket) continue;
    const QueuedPacket packet = packet_of(*message);
    if (packet.id == 0) continue;
    inbox.packets_[count++] = packet;
    // The number wraps around after 2^32 packets.
    const auto ahead = static_cast<std::int32_t>(packet.id - static_cast<std::uint32_t>(last_id_));
    if (ahead > 0) last_id_ += static_cast<std::uint32_t>(ahead);
  }
  received_ += count;
  return std::span{inbox.packets_}.first(count);
}

void NfQueue::verdict(std::uint8_t type, std::uint32_t id, std::uint32_t code) {
  struct Message {
    nlmsghdr header;
    nfgenmsg family;
    nlattr attribute;
    nfqnl_msg_verdict_hdr verdict;
  };
  static_assert(sizeof(Message) == 32);
  const Message message{{sizeof(Message), static_cast<std::uint16_t>(NFNL_SUBSYS_QUEUE << 8 | type),
                         NLM_F_REQUEST, 0, 0},
                        {AF_UNSPEC, NFNETLINK_V0, htons(number_)},
                        {sizeof(nlattr) + sizeof(nfqnl_msg_verdict_hdr), NFQA_VERDICT_HDR},
                        {htonl(code), htonl(id)}};
  if (verdicts_.size() + sizeof message > kVerdictBytes) flush();
  const auto bytes = std::as_bytes(std::span{&message, 1});
  verdicts_.insert(verdicts_.end(), bytes.begin(), bytes.end());
}

void NfQueue::accept(std::uint32_t id) { verdict(NFQNL_MSG_VERDICT, id, NF_ACCEPT); }
void NfQueue::accept_up_to(std::uint32_t id) { verdict(NFQNL_MSG_VERDICT_BATCH, id, NF_ACCEPT); }
void NfQueue::drop(std::uint32_t id) { verdict(NFQNL_MSG_VERDICT, id, NF_DROP); }

void NfQueue::accept_changed(std::uint32_t id, ByteView payload) {
  MessageWriter out = queue_message(NFQNL_MSG_VERDICT, number_);
  out.put(NFQA_VERDICT_HDR, nfqnl_msg_verdict_hdr{htonl(NF_ACCEPT), htonl(id)});
  out.put(NFQA_PAYLOAD, payload);
  const Bytes message = out.take();
  if (verdicts_.size() + message.size() > kVerdictBytes) flush();
  verdicts_.insert(verdicts_.end(), message.begin(), message.end());
}

void NfQueue::flush() {
  if (verdicts_.empty()) return;
  ssize_t sent = 0;
  do {
    sent = ::send(fd(), verdicts_.data(), verdicts_.size(), 0);
  } while (sent < 0 && errno == EINTR);
  verdicts_.clear();
  check("verdicts of queue " + std::to_string(number_), sent);
}

}  // namespace blackstart::netlink
