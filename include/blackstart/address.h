#pragma once

// Internet addresses and prefixes as plain values.

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace blackstart {

// An IPv4 or IPv6 address in network byte order; IPv4 uses the first four bytes.
struct Address {
  bool v6 = false;
  std::array<std::uint8_t, 16> bytes{};

  auto operator<=>(const Address&) const = default;
};

// A prefix; bits beyond `length` are zero. An address alone is a /32 or a /128.
struct Prefix {
  Address address;
  std::uint8_t length = 0;

  auto operator<=>(const Prefix&) const = default;
};

struct PortRange {
  std::uint16_t first = 0;
  std::uint16_t last = 0;

  auto operator<=>(const PortRange&) const = default;
};

struct Endpoint {
  Address address;
  std::uint16_t port = 0;

  auto operator<=>(const Endpoint&) const = default;
};

// nullopt where the text is not of that form. Host bits in a prefix are refused
// (10.0.0.1/8), since the author meant one thing or the other.
std::optional<Address> parse_address(std::string_view text);
std::optional<Prefix> parse_prefix(std::string_view text);
std::optional<PortRange> parse_port_range(std::string_view text);  // 443, 8000-8100
// 1.1.1.1, 1.1.1.1:5353, ::1, [::1]:5353.
std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port);

std::string to_text(const Address& address);
std::string to_text(const Prefix& prefix);
std::string to_text(const Endpoint& endpoint);

}  // namespace blackstart
