#include "probe/address_order.h"

#include <algorithm>

#include "probe/peer.h"

namespace blackstart {
namespace {

// Connecting a UDP socket sends nothing: it only asks the routing table.
bool has_route(const ProbeHost& host, const Address& address) {
  constexpr std::uint16_t kAnyPort = 53;
  try {
    return start_connect(host, SOCK_DGRAM, PeerAddress{{address, kAnyPort}}).error == 0;
  } catch (const std::system_error&) {
    return false;  // a kernel without that family
  }
}

}  // namespace

std::vector<Address> order_addresses(const ProbeHost& host, std::vector<Address> addresses) {
  const auto is_v6 = [](const Address& address) { return address.v6; };
  std::stable_partition(addresses.begin(), addresses.end(), is_v6);
  const bool mixed =
      std::ranges::any_of(addresses, is_v6) && !std::ranges::all_of(addresses, is_v6);
  if (mixed) {
    std::stable_partition(addresses.begin(), addresses.end(),
                          [&](const Address& address) { return has_route(host, address); });
  }
  return addresses;
}

}  // namespace blackstart
