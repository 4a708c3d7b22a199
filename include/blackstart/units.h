#pragma once

// Quantities whose unit would otherwise live in a comment.

#include <cstdint>
#include <optional>

namespace blackstart {

// A share of one. Cannot be confused with a percentage, and a bad one cannot exist.
class Probability {
 public:
  constexpr Probability() = default;

  // nullopt outside 0…100 and for NaN.
  static constexpr std::optional<Probability> from_percent(double percent) {
    if (!(percent >= 0.0 && percent <= 100.0)) return std::nullopt;
    return Probability{percent / 100.0};
  }
  static constexpr Probability certain() { return Probability{1.0}; }

  // 0…1.
  constexpr double fraction() const { return fraction_; }
  constexpr bool operator==(const Probability&) const = default;

 private:
  constexpr explicit Probability(double fraction) : fraction_{fraction} {}
  double fraction_ = 0.0;
};

static_assert(!Probability::from_percent(140.0));

// A rate of transfer. Kept in bits, as network engineers write it.
struct Bandwidth {
  std::uint64_t bits_per_second = 0;

  constexpr bool operator==(const Bandwidth&) const = default;
};

}  // namespace blackstart
