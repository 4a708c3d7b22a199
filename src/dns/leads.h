#pragma once

// Where an answer leads whoever asked: the names and the addresses behind its question's name.

#include <cstdint>
#include <vector>

#include "blackstart/address.h"
#include "dns/message.h"
#include "dns/name.h"

namespace blackstart::dns {

struct LedAddress {
  Address address;
  std::uint32_t ttl = 0;  // seconds, of its record; with the highest bit set: 0 (RFC 2181, 8)

  bool operator==(const LedAddress&) const = default;
};

struct Leads {
  std::vector<Name> names;  // the question's first
  std::vector<LedAddress> addresses;
};

// Follows CNAME, SRV, MX, SVCB and HTTPS records from the question's name, in whatever order they
// stand, and gathers the addresses of all names on the way from answer and additional section,
// hints of SVCB and HTTPS included (RFC 9460, 7.3). At most 64 names are followed. Empty where the
// message is broken or has not exactly one question.
Leads leads_of(Bytes answer);

}  // namespace blackstart::dns
