#pragma once

// Ranges of addresses: from prefixes, merged for an interval set, and back to text.

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "netlink/expressions.h"

namespace blackstart::netlink {

struct SetElement;

AddressRange range_of(const Prefix& prefix);
inline AddressRange range_of(const Address& address) { return {address, address}; }

// In rising order, IPv4 before IPv6; overlapping and touching ranges are joined, so the
// result is what an interval set takes. 100,000 prefixes cost some 50 ms.
std::vector<AddressRange> merged(std::span<const Prefix> prefixes);
std::vector<PortRange> merged(std::span<const PortRange> ranges);

// The same for one family, as elements of a set of that family: for `Set::elements`.
std::vector<SetElement> interval_elements(std::span<const Prefix> prefixes, bool v6);

// 10.0.0.1 for one address, 10.0.0.0/8 where the range is a prefix, 10.0.0.1-10.0.0.9.
std::string to_text(const AddressRange& range);

// The address after; nullopt past the last of its family.
std::optional<Address> next(const Address& address);

}  // namespace blackstart::netlink
