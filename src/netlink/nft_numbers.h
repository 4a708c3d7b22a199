#pragma once

// The numbers by which the kernel knows our families, and the head of every nftables message.

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include <cstdint>
#include <optional>

#include "netlink/message.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

constexpr std::uint8_t number_of(Family family) {
  return family == Family::inet ? NFPROTO_INET : NFPROTO_NETDEV;
}

constexpr std::optional<Family> family_of(std::uint8_t number) {
  if (number == NFPROTO_INET) return Family::inet;
  if (number == NFPROTO_NETDEV) return Family::netdev;
  return std::nullopt;
}

inline MessageWriter nft_message(nf_tables_msg_types type, std::uint8_t family,
                                 std::uint16_t flags) {
  return MessageWriter{static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | type), flags,
                       nfgenmsg{family, NFNETLINK_V0, 0}};
}
inline MessageWriter nft_message(nf_tables_msg_types type, Family family, std::uint16_t flags) {
  return nft_message(type, number_of(family), flags);
}

}  // namespace blackstart::netlink
