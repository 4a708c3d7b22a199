#include "netlink/message.h"

#include <algorithm>
#include <limits>

#include "blackstart/limits.h"

namespace blackstart::netlink {
namespace {

constexpr std::size_t aligned(std::size_t size) { return (size + 3) & ~std::size_t{3}; }

}  // namespace

MessageWriter::MessageWriter(std::uint16_t type, std::uint16_t flags) {
  nlmsghdr header{};
  header.nlmsg_type = type;
  header.nlmsg_flags = static_cast<std::uint16_t>(flags | NLM_F_REQUEST);
  append(&header, sizeof header);
}

void MessageWriter::append(const void* data, std::size_t size) {
  const std::size_t start = bytes_.size();
  bytes_.resize(start + aligned(size));
  if (size > 0) std::memcpy(bytes_.data() + start, data, size);
}

std::size_t MessageWriter::open(std::uint16_t type) {
  const std::size_t start = bytes_.size();
  const nlattr attribute{sizeof(nlattr), type};
  append(&attribute, sizeof attribute);
  return start;
}

void MessageWriter::close(std::size_t start) {
  const std::size_t size = bytes_.size() - start;
  BS_ASSERT(size <= std::numeric_limits<std::uint16_t>::max());
  const auto length = static_cast<std::uint16_t>(size);
  std::memcpy(bytes_.data() + start + offsetof(nlattr, nla_len), &length, sizeof length);
}

void MessageWriter::put(std::uint16_t type, ByteView value) {
  const std::size_t size = sizeof(nlattr) + value.size();
  BS_ASSERT(size <= std::numeric_limits<std::uint16_t>::max());
  const nlattr attribute{static_cast<std::uint16_t>(size), type};
  append(&attribute, sizeof attribute);
  append(value.data(), value.size());
}

void MessageWriter::put(std::uint16_t type, std::string_view text) {
  const std::string closed{text};
  put(type, std::as_bytes(std::span{closed.c_str(), closed.size() + 1}));
}

Bytes MessageWriter::take() {
  const auto length = static_cast<std::uint32_t>(bytes_.size());
  std::memcpy(bytes_.data() + offsetof(nlmsghdr, nlmsg_len), &length, sizeof length);
  return std::move(bytes_);
}

std::optional<ByteView> Attributes::find(std::uint16_t type) const {
  ByteView rest = bytes_;
  while (rest.size() >= sizeof(nlattr)) {
    nlattr attribute;
    std::memcpy(&attribute, rest.data(), sizeof attribute);
    if (attribute.nla_len < sizeof(nlattr) || attribute.nla_len > rest.size()) break;
    if ((attribute.nla_type & NLA_TYPE_MASK) == type) {
      return rest.subspan(sizeof attribute, attribute.nla_len - sizeof attribute);
    }
    rest = rest.subspan(std::min(aligned(attribute.nla_len), rest.size()));
  }
  return std::nullopt;
}

std::string Attributes::text(std::uint16_t type) const {
  const auto value = find(type);
  if (!value) return {};
  const auto* chars = reinterpret_cast<const char*>(value->data());
  return std::string{chars, ::strnlen(chars, value->size())};
}

Attributes Attributes::inner(std::uint16_t type) const {
  return Attributes{find(type).value_or(ByteView{})};
}

std::optional<MessageView> take_message(ByteView& bytes) {
  MessageView message;
  if (bytes.size() < sizeof message.header) return std::nullopt;
  std::memcpy(&message.header, bytes.data(), sizeof message.header);
  const std::size_t length = message.header.nlmsg_len;
  if (length < sizeof message.header || length > bytes.size()) return std::nullopt;
  message.body = bytes.subspan(sizeof message.header, length - sizeof message.header);
  bytes = bytes.subspan(std::min(aligned(length), bytes.size()));
  return message;
}

}  // namespace blackstart::netlink
