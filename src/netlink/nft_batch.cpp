#include "netlink/nft_batch.h"

#include <linux/netfilter/nfnetlink.h>

#include "netlink/nft_numbers.h"

namespace blackstart::netlink {
namespace {

Bytes frame(std::uint16_t type) {
  return MessageWriter{
      type, 0,
      nfgenmsg{0, NFNETLINK_V0, big_endian(static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES))}}
      .take();
}

// Appends `message` as number `sequence`, and with `flags` besides its own.
void append(Bytes& batch, const Bytes& message, std::uint32_t sequence, std::uint16_t flags = 0) {
  const std::size_t start = batch.size();
  batch.insert(batch.end(), message.begin(), message.end());
  nlmsghdr header;
  std::memcpy(&header, batch.data() + start, sizeof header);
  header.nlmsg_seq = sequence;
  header.nlmsg_flags = static_cast<std::uint16_t>(header.nlmsg_flags | flags);
  std::memcpy(batch.data() + start, &header, sizeof header);
}

}  // namespace

std::size_t batch_size(std::span<const BatchMessage> messages) {
  std::size_t size = 2 * (sizeof(nlmsghdr) + sizeof(nfgenmsg));
  for (const BatchMessage& message : messages) size += message.bytes.size();
  return size;
}

std::optional<BatchRefusal> commit(Socket& socket, std::span<const BatchMessage> messages,
                                   std::string_view attempt) {
  if (messages.empty()) return std::nullopt;
  const auto count = static_cast<std::uint32_t>(messages.size());
  const std::uint32_t begin = socket.take_sequences(count + 2);
  Bytes batch;
  batch.reserve(batch_size(messages));
  append(batch, frame(NFNL_MSG_BATCH_BEGIN), begin);
  for (std::uint32_t i = 0; i < count; ++i) {
    append(batch, messages[i].bytes, begin + 1 + i, i + 1 == count ? NLM_F_ACK : 0);
  }
  append(batch, frame(NFNL_MSG_BATCH_END), begin + 1 + count);
  const auto refusal = socket.send(batch, begin + count, attempt);
  if (!refusal) return std::nullopt;
  const std::uint32_t place = refusal->sequence - begin - 1;
  return BatchRefusal{*refusal, place < count ? place : messages.size()};
}

std::optional<BatchRefusal> commit_in_parts(Socket& socket, std::span<const BatchMessage> messages,
                                            std::string_view attempt) {
  const std::size_t room = socket.reserve_send(batch_size(messages));
  for (std::size_t start = 0; start < messages.size();) {
    std::size_t end = start + 1;
    while (end < messages.size() && batch_size(messages.subspan(start, end + 1 - start)) <= room) {
      ++end;
    }
    if (auto refusal = commit(socket, messages.subspan(start, end - start), attempt)) {
      refusal->message += start;
      return refusal;
    }
    start = end;
  }
  return std::nullopt;
}

std::system_error refused(std::string_view attempt, std::span<const BatchMessage> messages,
                          const BatchRefusal& refusal) {
  std::string what{attempt};
  if (refusal.message < messages.size()) what += ": " + messages[refusal.message].what;
  return refused(what, refusal.refusal);
}

}  // namespace blackstart::netlink
