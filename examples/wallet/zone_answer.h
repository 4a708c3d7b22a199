#pragma once

// The answers of a name server that is the only one in its world.

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"

namespace wallet {

struct ZoneRecord {
  blackstart::dns::Name name;
  std::array<std::uint8_t, 4> address{};
};

// "ledger.example=10.77.0.10". Throws std::runtime_error for anything else.
ZoneRecord parse_zone_record(std::string_view text);

// IPv4 addresses by name, served with authority for the root.
class Zone {
 public:
  explicit Zone(std::vector<ZoneRecord> records) : records_{std::move(records)} {}

  // The reply to `question`, at most `limit` bytes (0: as many as the question allows over
  // UDP); its size, or 0 for what deserves silence. Negative answers carry the zone's SOA.
  std::size_t answer(blackstart::dns::Bytes question, std::size_t limit,
                     std::span<std::uint8_t> out) const;

 private:
  std::vector<ZoneRecord> records_;
};

}  // namespace wallet
