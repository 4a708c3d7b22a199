#include "netlink/intervals.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "netlink/ruleset.h"

namespace blackstart::netlink {
namespace {

std::size_t size_of(const Address& address) { return address.v6 ? 16 : 4; }

std::string text_of(const Address& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(address.v6 ? AF_INET6 : AF_INET, address.bytes.data(), text.data(), text.size());
  return text.data();
}

// `before` and `after` in rising order: do they overlap or touch?
bool joins(const AddressRange& before, const AddressRange& after) {
  if (before.first.v6 != after.first.v6) return false;
  if (after.first <= before.last) return true;
  return next(before.last) == after.first;
}
bool joins(const PortRange& before, const PortRange& after) {
  return after.first <= before.last || after.first == before.last + 1;
}

// By the first address; what starts at the same one is joined whatever its order.
bool precedes(const AddressRange& a, const AddressRange& b) {
  if (a.first.v6 != b.first.v6) return b.first.v6;
  return std::memcmp(a.first.bytes.data(), b.first.bytes.data(), a.first.bytes.size()) < 0;
}
bool precedes(const PortRange& a, const PortRange& b) { return a.first < b.first; }

template <class Range>
std::vector<Range> merge(std::vector<Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const Range& a, const Range& b) { return precedes(a, b); });
  std::vector<Range> out;
  for (const Range& range : ranges) {
    if (!out.empty() && joins(out.back(), range)) {
      out.back().last = std::max(out.back().last, range.last);
    } else {
      out.push_back(range);
    }
  }
  return out;
}

// The length of the prefix that is exactly this range; nullopt where none is.
std::optional<std::uint8_t> prefix_length(const AddressRange& range) {
  const std::size_t bits = size_of(range.first) * 8;
  std::size_t common = 0;
  const auto bit = [](const Address& address, std::size_t i) {
    return (address.bytes[i / 8] >> (7 - i % 8)) & 1;
  };
  while (common < bits && bit(range.first, common) == bit(range.last, common)) ++common;
  for (std::size_t i = common; i < bits; ++i) {
    if (bit(range.first, i) != 0 || bit(range.last, i) != 1) return std::nullopt;
  }
  return static_cast<std::uint8_t>(common);
}

}  // namespace

AddressRange range_of(const Prefix& prefix) {
  AddressRange range{prefix.address, prefix.address};
  const std::size_t whole = prefix.length / 8;
  for (std::size_t i = whole; i < size_of(prefix.address); ++i) {
    const int host_bits = i == whole ? 0xff >> (prefix.length % 8) : 0xff;
    range.last.bytes[i] = static_cast<std::uint8_t>(range.last.bytes[i] | host_bits);
  }
  return range;
}

std::vector<AddressRange> merged(std::span<const Prefix> prefixes) {
  std::vector<AddressRange> ranges;
  ranges.reserve(prefixes.size());
  for (const Prefix& prefix : prefixes) ranges.push_back(range_of(prefix));
  return merge(std::move(ranges));
}

std::vector<PortRange> merged(std::span<const PortRange> ranges) {
  return merge(std::vector<PortRange>{ranges.begin(), ranges.end()});
}

std::vector<SetElement> interval_elements(std::span<const Prefix> prefixes, bool v6) {
  std::vector<SetElement> elements;
  for (const AddressRange& range : merged(prefixes)) {
    if (range.first.v6 == v6) elements.push_back({.value = range, .timeout = {}});
  }
  return elements;
}

std::string to_text(const AddressRange& range) {
  if (range.first == range.last) return text_of(range.first);
  if (const auto length = prefix_length(range)) {
    return text_of(range.first) + '/' + std::to_string(*length);
  }
  return text_of(range.first) + '-' + text_of(range.last);
}

std::optional<Address> next(const Address& address) {
  Address after = address;
  for (std::size_t i = size_of(address); i-- > 0;) {
    if (++after.bytes[i] != 0) return after;
  }
  return std::nullopt;
}

}  // namespace blackstart::netlink
