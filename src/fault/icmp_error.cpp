#include "fault/icmp_error.h"

#include <algorithm>
#include <array>
#include <cstddef>

namespace blackstart {
namespace {

using Packet = std::span<const std::uint8_t>;

constexpr std::size_t kHeaderV4 = 20, kHeaderV6 = 40, kIcmpHeader = 8;
constexpr std::size_t kMostV4 = 576, kMostV6 = 1'280;
constexpr std::uint8_t kProtocolIcmp = 1, kProtocolIcmpv6 = 58, kFragmentV6 = 44;
constexpr std::uint8_t kHops = 64;

std::uint32_t word_at(Packet bytes, std::size_t at) {
  return static_cast<std::uint32_t>(bytes[at] << 8) | bytes[at + 1];
}

void put_word(std::vector<std::uint8_t>& bytes, std::size_t at, std::size_t value) {
  bytes[at] = static_cast<std::uint8_t>(value >> 8);
  bytes[at + 1] = static_cast<std::uint8_t>(value);
}

// The Internet checksum (RFC 1071) over `bytes`, on top of `sum`.
std::uint16_t checksum(Packet bytes, std::uint32_t sum = 0) {
  for (std::size_t at = 0; at + 1 < bytes.size(); at += 2) sum += word_at(bytes, at);
  if (bytes.size() % 2 != 0) sum += static_cast<std::uint32_t>(bytes.back() << 8);
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<std::uint16_t>(~sum);
}

// Destination unreachable (3), time exceeded (11), … : everything that is not a question or its
// answer (RFC 1122, 3.2.2).
bool is_icmp_error(std::uint8_t type) {
  constexpr std::array<std::uint8_t, 5> kErrors{3, 4, 5, 11, 12};
  return std::ranges::find(kErrors, type) != kErrors.end();
}

bool answerable_v4(Packet packet) {
  if (packet.size() < kHeaderV4) return false;
  const std::size_t header = static_cast<std::size_t>(packet[0] & 0xf) * 4;
  if (header < kHeaderV4 || packet.size() < header + kIcmpHeader) return false;
  if ((word_at(packet, 6) & 0x1fff) != 0) return false;
  if (packet[12] == 0 || packet[12] >= 224) return false;  // no single sender
  if (packet[16] >= 224) return false;                     // multicast, broadcast
  return packet[9] != kProtocolIcmp || !is_icmp_error(packet[header]);
}

bool answerable_v6(Packet packet) {
  if (packet.size() < kHeaderV6 + kIcmpHeader) return false;
  if (packet[8] == 0xff || packet[24] == 0xff) return false;
  if (std::ranges::all_of(packet.subspan(8, 16), [](std::uint8_t b) { return b == 0; })) {
    return false;
  }
  if (packet[6] == kFragmentV6 && (word_at(packet, kHeaderV6 + 2) & 0xfff8) != 0) return false;
  return packet[6] != kProtocolIcmpv6 ||
         packet[kHeaderV6] >= 128;  // RFC 4443, 2.1: errors are 0-127
}

IcmpError error_v4(Packet packet, Unreachable what) {
  const Packet quoted = packet.first(std::min(packet.size(), kMostV4 - kHeaderV4 - kIcmpHeader));
  IcmpError error;
  std::copy_n(packet.begin() + 12, 4, error.to.bytes.begin());

  std::vector<std::uint8_t>& out = error.bytes;
  out.resize(kHeaderV4 + kIcmpHeader);
  out[0] = 0x45;
  out[1] = 0xc0;  // RFC 1812, 4.3.2.5: precedence "internetwork control"
  put_word(out, 2, out.size() + quoted.size());
  out[8] = kHops;
  out[9] = kProtocolIcmp;
  std::copy_n(packet.begin() + 16, 4, out.begin() + 12);
  std::copy_n(packet.begin() + 12, 4, out.begin() + 16);
  put_word(out, 10, checksum(Packet{out}.first(kHeaderV4)));

  out[kHeaderV4] = 3;
  out[kHeaderV4 + 1] = what == Unreachable::host ? 1 : 3;
  out.insert(out.end(), quoted.begin(), quoted.end());
  put_word(out, kHeaderV4 + 2, checksum(Packet{out}.subspan(kHeaderV4)));
  return error;
}

IcmpError error_v6(Packet packet, Unreachable what) {
  const Packet quoted = packet.first(std::min(packet.size(), kMostV6 - kHeaderV6 - kIcmpHeader));
  const std::size_t size = kIcmpHeader + quoted.size();
  IcmpError error;
  error.to.v6 = true;
  std::copy_n(packet.begin() + 8, 16, error.to.bytes.begin());

  std::vector<std::uint8_t>& out = error.bytes;
  out.resize(kHeaderV6 + kIcmpHeader);
  out[0] = 0x60;
  put_word(out, 4, size);
  out[6] = kProtocolIcmpv6;
  out[7] = kHops;
  std::copy_n(packet.begin() + 24, 16, out.begin() + 8);
  std::copy_n(packet.begin() + 8, 16, out.begin() + 24);

  out[kHeaderV6] = 1;
  out[kHeaderV6 + 1] = what == Unreachable::host ? 3 : 4;
  out.insert(out.end(), quoted.begin(), quoted.end());
  // RFC 8200, 8.1: with a pseudo-header of both addresses, the length and the protocol.
  const auto pseudo = static_cast<std::uint32_t>(size) + kProtocolIcmpv6;
  put_word(out, kHeaderV6 + 2, checksum(Packet{out}.subspan(8), pseudo));
  return error;
}

}  // namespace

std::optional<IcmpError> icmp_error_for(Packet packet, Unreachable what) {
  if (packet.empty()) return std::nullopt;
  const int version = packet[0] >> 4;
  if (version == 4 && answerable_v4(packet)) return error_v4(packet, what);
  if (version == 6 && answerable_v6(packet)) return error_v6(packet, what);
  return std::nullopt;
}

}  // namespace blackstart
