#include "core/quantity.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace blackstart {
namespace {

constexpr std::array kDurationUnits{
    Unit{"d", 86'400e9}, Unit{"h", 3'600e9}, Unit{"m", 60e9},
    Unit{"s", 1e9},      Unit{"ms", 1e6},    Unit{"us", 1e3},
};

constexpr std::array kRateUnits{
    Unit{"bit", 1},    Unit{"kbit", 1e3},
    Unit{"mbit", 1e6}, Unit{"gbit", 1e9},
    Unit{"KB/s", 8e3}, Unit{"KiB/s", 8.0 * 1024},
    Unit{"MB/s", 8e6}, Unit{"MiB/s", 8.0 * 1024 * 1024},
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_of_unit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '%';
}

}  // namespace

std::span<const Unit> duration_units() { return kDurationUnits; }
std::span<const Unit> rate_units() { return kRateUnits; }

std::optional<Quantity> parse_quantity(std::string_view text) {
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  Quantity quantity;
  const char* const end = text.data() + text.size();
  const auto [rest, error] =
      std::from_chars(text.data(), end, quantity.number, std::chars_format::fixed);
  if (error != std::errc{} || !is_digit(rest[-1])) return std::nullopt;
  quantity.unit = {rest, static_cast<std::size_t>(end - rest)};
  if (quantity.unit.starts_with(' ')) {
    quantity.unit.remove_prefix(1);
    if (quantity.unit.empty()) return std::nullopt;
  }
  if (!std::ranges::all_of(quantity.unit, is_of_unit)) return std::nullopt;
  return quantity;
}

}  // namespace blackstart
