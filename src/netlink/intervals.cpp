#include "netlink/intervals.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

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

template <class Range>
std::vector<Range> merge(std::vector<Range> ranges) {
  std::ranges::sort(ranges);
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
  for (std::size_t i = prefix.length; i < size_of(prefix.address) * 8; ++i) {
    range.last.bytes[i / 8] =
        static_cast<std::uint8_t>(range.last.bytes[i / 8] | (0x80 >> (i % 8)));
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
