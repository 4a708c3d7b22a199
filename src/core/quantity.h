#pragma once

// A number and the unit written behind it, before anyone asks whether the unit is right.

#include <optional>
#include <span>
#include <string_view>

namespace blackstart {

// "12.5 mbit": 12.5 and "mbit"; "40": 40 and "". Digits, at most one point with digits on both
// sides, at most one space, then letters, `/` or `%` to the end of the text.
struct Quantity {
  double number = 0.0;
  std::string_view unit;  // a piece of the text that was read
};

// nullopt where the text is not of that form: a sign, an exponent, several numbers.
std::optional<Quantity> parse_quantity(std::string_view text);

// A unit of the scenario language, as a multiple of the smallest one.
struct Unit {
  std::string_view name;
  double factor = 0.0;
};

std::span<const Unit> duration_units();  // from d down to us; factors in nanoseconds
std::span<const Unit> rate_units();      // factors in bits per second

}  // namespace blackstart
