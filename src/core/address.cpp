#include "blackstart/address.h"

#include <arpa/inet.h>

#include <charconv>

namespace blackstart {
namespace {

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || rest != end) return std::nullopt;
  return value;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  const auto port = whole_number<std::uint16_t>(text);
  return port && *port > 0 ? port : std::nullopt;
}

// Whether every bit from `length` on is zero.
bool is_bare(const Address& address, unsigned length) {
  for (unsigned bit = length; bit < (address.v6 ? 128U : 32U); ++bit) {
    if ((address.bytes[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

std::optional<Address> parse_address(std::string_view text) {
  if (text.empty() || text.size() >= INET6_ADDRSTRLEN) return std::nullopt;
  if (text.find('\0') != std::string_view::npos) return std::nullopt;
  const std::string terminated{text};
  Address address;
  address.v6 = text.find(':') != std::string_view::npos;
  const int family = address.v6 ? AF_INET6 : AF_INET;
  if (::inet_pton(family, terminated.c_str(), address.bytes.data()) != 1) return std::nullopt;
  return address;
}

std::optional<Prefix> parse_prefix(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  if (!address) return std::nullopt;
  const std::uint8_t longest = address->v6 ? 128 : 32;
  if (slash == std::string_view::npos) return Prefix{*address, longest};
  const auto length = whole_number<std::uint8_t>(text.substr(slash + 1));
  if (!length || *length > longest || !is_bare(*address, *length)) return std::nullopt;
  return Prefix{*address, *length};
}

std::optional<PortRange> parse_port_range(std::string_view text) {
  const std::size_t dash = text.find('-');
  const auto first = parse_port(text.substr(0, dash));
  const auto last = dash == std::string_view::npos ? first : parse_port(text.substr(dash + 1));
  if (!first || !last || *last < *first) return std::nullopt;
  return PortRange{*first, *last};
}

std::optional<Endpoint> parse_endpoint(std::string_view text, std::uint16_t default_port) {
  if (const auto bare = parse_address(text)) return Endpoint{*bare, default_port};
  const bool bracketed = text.starts_with('[');
  const std::size_t address_end = text.find(bracketed ? ']' : ':');
  if (address_end == std::string_view::npos) return std::nullopt;
  const std::size_t begin = bracketed ? 1 : 0;
  const auto address = parse_address(text.substr(begin, address_end - begin));
  // Brackets are for IPv6 alone, as in a URL.
  if (!address || address->v6 != bracketed) return std::nullopt;
  std::string_view rest = text.substr(address_end + begin);
  if (rest.empty()) return Endpoint{*address, default_port};
  if (!rest.starts_with(':')) return std::nullopt;
  const auto port = parse_port(rest.substr(1));
  return port ? std::optional{Endpoint{*address, *port}} : std::nullopt;
}

std::string to_text(const Address& address) {
  char text[INET6_ADDRSTRLEN]{};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text, sizeof text);
  return text;
}

std::string to_text(const Prefix& prefix) {
  std::string text = to_text(prefix.address);
  if (prefix.length == (prefix.address.v6 ? 128 : 32)) return text;
  return text.append("/").append(std::to_string(prefix.length));
}

std::string to_text(const Endpoint& endpoint) {
  const std::string address = to_text(endpoint.address);
  const std::string port = std::to_string(endpoint.port);
  return endpoint.address.v6 ? "[" + address + "]:" + port : address + ":" + port;
}

}  // namespace blackstart
