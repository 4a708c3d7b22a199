#include "scenario/scalar_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "blackstart/params.h"
#include "core/quantity.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;
using Result = std::optional<Objection>;

Objection must_be(const Shape& shape, std::string found, std::string hint = {}) {
  return {"must be " + std::string{shape.doc} + "; " + std::move(found), std::move(hint)};
}

std::string lower(std::string_view text) {
  std::string out{text};
  std::ranges::transform(out, out.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return out;
}

// A limit of the shape as the author would write it; empty where it says less than the shape's
// own words (a nanosecond for "more than zero").
std::string limit_text(const Shape& shape, double limit) {
  constexpr double kTiny = 1e-5;
  if (std::abs(limit) < kTiny && limit != 0.0) return {};
  if (shape.kind == Kind::duration) {
    return limit == 1.0 ? "" : duration_text(Duration{std::llround(limit)});
  }
  std::string text = std::to_string(limit);
  text.erase(std::min(text.find_last_not_of('0') + 1, text.size()));
  if (text.ends_with('.')) text.pop_back();
  return shape.kind == Kind::share ? text + "%" : text;
}

Result check_range(const Shape& shape, double value, std::string_view text) {
  if (value >= shape.least && value <= shape.most) return std::nullopt;
  const bool less = value < shape.least;
  const std::string limit = limit_text(shape, less ? shape.least : shape.most);
  std::string found = "found " + in_quotes(text);
  if (!limit.empty()) found += (less ? ", which is less than " : ", which is more than ") + limit;
  return must_be(shape, std::move(found));
}

Result check_word(const Shape& shape, std::string_view text) {
  if (std::ranges::find(shape.words, text) != shape.words.end()) return std::nullopt;
  const std::vector<std::string_view> words{shape.words.begin(), shape.words.end()};
  return Objection{"must be one of " + listed(words, "or") + "; found " + in_quotes(text),
                   did_you_mean(text, words, {})};
}

Result check_boolean(const Shape& shape, std::string_view text) {
  if (text == "true" || text == "false") return std::nullopt;
  constexpr std::array<std::string_view, 5> kYes{"true", "yes", "on", "y", "1"};
  constexpr std::array<std::string_view, 5> kNo{"false", "no", "off", "n", "0"};
  const std::string said = lower(text);
  std::string hint;
  if (std::ranges::find(kYes, said) != kYes.end()) hint = "write true";
  if (std::ranges::find(kNo, said) != kNo.end()) hint = "write false";
  return must_be(shape, "found " + in_quotes(text), std::move(hint));
}

Result check_integer(const Shape& shape, std::string_view text) {
  const std::string_view digits = text.substr(text.starts_with('-') ? 1 : 0);
  const bool whole = !digits.empty() && digits.find_first_not_of("0123456789") == digits.npos;
  const auto value = whole ? parse_number(text) : std::nullopt;
  if (!value) return must_be(shape, "found " + in_quotes(text));
  return check_range(shape, *value, text);
}

Result check_number(const Shape& shape, std::string_view text) {
  const auto value = parse_number(text);
  return value ? check_range(shape, *value, text) : must_be(shape, "found " + in_quotes(text));
}

// What people write for the units that we know.
std::string_view meant_duration_unit(std::string_view unit) {
  struct Row {
    std::string_view written, meant;
  };
  static constexpr std::array kRows{
      Row{"sec", "s"},   Row{"secs", "s"},    Row{"second", "s"}, Row{"seconds", "s"},
      Row{"min", "m"},   Row{"mins", "m"},    Row{"minute", "m"}, Row{"minutes", "m"},
      Row{"hr", "h"},    Row{"hrs", "h"},     Row{"hour", "h"},   Row{"hours", "h"},
      Row{"day", "d"},   Row{"days", "d"},    Row{"msec", "ms"},  Row{"millis", "ms"},
      Row{"usec", "us"}, Row{"micros", "us"}, Row{"s", "s"},      Row{"ms", "ms"},
      Row{"h", "h"},     Row{"d", "d"},
  };
  const auto found = std::ranges::find(kRows, lower(unit), &Row::written);
  return found == kRows.end() ? std::string_view{} : found->meant;
}

Result check_duration(const Shape& shape, std::string_view text) {
  if (const auto value = parse_duration(text)) {
    return check_range(shape, static_cast<double>(value->count()), text);
  }
  const auto quantity = parse_quantity(text);
  if (!quantity) {
    return must_be(shape, "found " + in_quotes(text), "units are us ms s m h d, the largest first");
  }
  const std::string number{text.substr(0, text.find_first_not_of("0123456789."))};
  if (quantity->unit.empty()) {
    return must_be(shape, "found " + in_quotes(text) + ", which has no unit",
                   number + "ms, " + number + "s or " + number + "m?");
  }
  const std::string_view meant = meant_duration_unit(quantity->unit);
  return must_be(shape, "found " + in_quotes(text),
                 meant.empty() ? "units are us ms s m h d"
                               : "did you mean '" + number + std::string{meant} + "'?");
}

// Without zeros behind the point that say nothing.
std::string number_text(double number) {
  std::string text = std::to_string(number);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

Result check_share(const Shape& shape, std::string_view text) {
  const auto quantity = parse_quantity(text);
  if (quantity && quantity->unit == "%") return check_range(shape, quantity->number, text);
  if (!quantity || !quantity->unit.empty()) return must_be(shape, "found " + in_quotes(text));
  const std::string number{text};
  if (quantity->number > 0 && quantity->number <= 1) {
    const std::string whole = number_text(quantity->number * 100);
    return must_be(shape, "found " + in_quotes(text) + ", which has no %",
                   number + " has two readings: " + number + "% and " + whole + "%");
  }
  return must_be(shape, "found " + in_quotes(text) + ", which has no %",
                 "did you mean '" + number + "%'?");
}

// Bits or bytes? The two ways in which a unit that doesn't say it can be read; `scale` takes its
// number to the bytes' unit.
struct Readings {
  std::string_view bits, bytes;
  double scale = 1;
};

std::optional<Readings> readings_of(std::string_view unit) {
  const std::string said = lower(unit);
  if (said.empty() || said == "m" || said == "mb" || said == "mbps" || said == "mb/s") {
    return Readings{"mbit", "MB/s"};
  }
  if (said == "k" || said == "kb" || said == "kbps" || said == "kb/s") {
    return Readings{"kbit", "KB/s"};
  }
  if (said == "g" || said == "gb" || said == "gbps" || said == "gb/s") {
    return Readings{"gbit", "MB/s", 1e3};
  }
  if (said == "bps" || said == "b" || said == "b/s") return Readings{"bit", "KB/s", 1e-3};
  return std::nullopt;
}

Result check_rate(const Shape& shape, std::string_view text) {
  if (const auto value = parse_rate(text)) {
    return check_range(shape, static_cast<double>(value->bits_per_second), text);
  }
  const auto quantity = parse_quantity(text);
  const auto readings = quantity ? readings_of(quantity->unit) : std::nullopt;
  constexpr std::string_view kUnits =
      "bits: bit kbit mbit gbit; bytes: KB/s KiB/s MB/s MiB/s, all per second";
  if (!readings) return must_be(shape, "found " + in_quotes(text), std::string{kUnits});
  std::string found = "found " + in_quotes(text) + ", which has two readings: ";
  found += number_text(quantity->number).append(readings->bits) + " (bits per second) and ";
  found += number_text(quantity->number * readings->scale).append(readings->bytes) +
           " (bytes per second)";
  return must_be(shape, std::move(found), std::string{kUnits});
}

}  // namespace

bool is_scalar(const Shape& shape) { return shape.kind < Kind::list; }

std::optional<Objection> objection_to(const Node& scalar, const Shape& shape) {
  switch (shape.kind) {
    case Kind::word:
      return check_word(shape, scalar.text);
    case Kind::boolean:
      return check_boolean(shape, scalar.text);
    case Kind::integer:
      return check_integer(shape, scalar.text);
    case Kind::number:
      return check_number(shape, scalar.text);
    case Kind::duration:
      return check_duration(shape, scalar.text);
    case Kind::share:
      return check_share(shape, scalar.text);
    case Kind::rate:
      return check_rate(shape, scalar.text);
    case Kind::text:
    case Kind::literal:
    case Kind::list:
    case Kind::table:
    case Kind::object:
    case Kind::either:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace blackstart
