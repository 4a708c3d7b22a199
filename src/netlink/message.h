#pragma once

// Netlink messages: written into a growing buffer, read from a received one.
//
// A message is a header and attributes, each a length, a type and a value, padded to four
// bytes (include/uapi/linux/netlink.h). The writer patches lengths when a scope closes; the
// reader never looks past what it was given, and reads values by copying, so nothing depends
// on alignment.

#include <linux/netlink.h>

#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace blackstart::netlink {

using Bytes = std::vector<std::byte>;
using ByteView = std::span<const std::byte>;

// The same number in network byte order, for attributes that want it.
template <std::unsigned_integral T>
constexpr T big_endian(T value) {
  if constexpr (std::endian::native == std::endian::big || sizeof(T) == 1) {
    return value;
  } else if constexpr (sizeof(T) == 2) {
    return __builtin_bswap16(value);
  } else if constexpr (sizeof(T) == 4) {
    return __builtin_bswap32(value);
  } else {
    return __builtin_bswap64(value);
  }
}

// A number or a structure: what is written as it lies in memory.
template <class T>
concept Plain = std::is_trivially_copyable_v<T> && !std::convertible_to<T, std::string_view> &&
                !std::convertible_to<T, ByteView>;

// Writes one message.
class MessageWriter {
 public:
  // `fixed` is the structure that follows the header: nfgenmsg, ifinfomsg, …
  template <class Fixed>
  MessageWriter(std::uint16_t type, std::uint16_t flags, const Fixed& fixed)
      : MessageWriter{type, flags} {
    put_fixed(fixed);
  }

  // An attribute that holds others, open until the scope ends.
  class Nest {
   public:
    Nest(MessageWriter& writer, std::size_t start) : writer_{&writer}, start_{start} {}
    ~Nest() { writer_->close(start_); }
    Nest(const Nest&) = delete;
    Nest& operator=(const Nest&) = delete;

   private:
    MessageWriter* writer_;
    std::size_t start_;
  };
  [[nodiscard]] Nest nest(std::uint16_t type) {
    return {*this, open(static_cast<std::uint16_t>(type | NLA_F_NESTED))};
  }
  // For the parts of the kernel that want nests without the flag.
  [[nodiscard]] Nest plain_nest(std::uint16_t type) { return {*this, open(type)}; }

  void put(std::uint16_t type, ByteView value);
  void put(std::uint16_t type, std::string_view text);  // with a closing zero byte

  template <Plain T>
  void put(std::uint16_t type, const T& value) {
    put(type, std::as_bytes(std::span{&value, 1}));
  }
  template <std::unsigned_integral T>
  void put_big(std::uint16_t type, T value) {
    put(type, big_endian(value));
  }

  // The structure at the head of a nest that has one.
  template <class Fixed>
  void put_fixed(const Fixed& fixed) {
    static_assert(std::is_trivially_copyable_v<Fixed>);
    append(&fixed, sizeof fixed);
  }

  std::size_t size() const { return bytes_.size(); }

  // The finished message; the writer is spent.
  Bytes take();

 private:
  MessageWriter(std::uint16_t type, std::uint16_t flags);
  void append(const void* data, std::size_t size);
  std::size_t open(std::uint16_t type);
  void close(std::size_t start);

  Bytes bytes_;
};

// The attributes of one level. An attribute whose length is wrong ends the list.
class Attributes {
 public:
  explicit Attributes(ByteView bytes) : bytes_{bytes} {}

  // The value of the first attribute of that type.
  std::optional<ByteView> find(std::uint16_t type) const;

  // nullopt where it is absent or too short.
  template <class T>
  std::optional<T> get(std::uint16_t type) const {
    const auto value = find(type);
    if (!value || value->size() < sizeof(T)) return std::nullopt;
    T out;
    std::memcpy(&out, value->data(), sizeof out);
    return out;
  }
  template <std::unsigned_integral T>
  std::optional<T> get_big(std::uint16_t type) const {
    const auto value = get<T>(type);
    return value ? std::optional{big_endian(*value)} : std::nullopt;
  }
  std::string text(std::uint16_t type) const;  // up to its zero byte; empty where absent
  Attributes inner(std::uint16_t type) const;  // of a nest; empty where absent

 private:
  ByteView bytes_;
};

// One received message.
struct MessageView {
  nlmsghdr header{};
  ByteView body;  // what follows the header

  // The fixed structure at the head of the body, and the attributes after it.
  template <class Fixed>
  std::optional<Fixed> fixed() const {
    if (body.size() < sizeof(Fixed)) return std::nullopt;
    Fixed out;
    std::memcpy(&out, body.data(), sizeof out);
    return out;
  }
  template <class Fixed>
  Attributes attributes() const {
    const std::size_t skip = NLMSG_ALIGN(sizeof(Fixed));
    return Attributes{body.size() < skip ? ByteView{} : body.subspan(skip)};
  }
};

// Takes the first message off `bytes`; nullopt at the end, or where a length is wrong.
std::optional<MessageView> take_message(ByteView& bytes);

}  // namespace blackstart::netlink
