#include "api/fields.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <sstream>

#include "api/api_error.h"
#include "api/limits.h"

namespace blackstart::api {
namespace {

using nlohmann::json;

constexpr std::string_view kSpace = " \t\r\n";

[[noreturn]] void bad_body(const std::string& detail) {
  throw ApiError{400, "bad request body: " + detail};
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Before the parser makes an object of every bracket.
void check_depth(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c == '\\') ++at;
      if (c == '"') quoted = false;
      continue;
    }
    if (c == '"') quoted = true;
    if ((c == '{' || c == '[') && ++depth > limits::api_json_depth_max) bad_body("nested too deep");
    if ((c == '}' || c == ']') && --depth == 0) return;
  }
}

// Without the library's own "[json.exception.parse_error.101] ".
std::string sentence_of(const json::exception& error) {
  const std::string_view text = error.what();
  const auto bracket = text.find("] ");
  return std::string{bracket == text.npos ? text : text.substr(bracket + 2)};
}

bool holds_whole(double number) {
  constexpr double kBound = 0x1p63;
  return std::trunc(number) == number && number > -kBound && number < kBound;
}

}  // namespace

json first_value(std::string_view text) {
  if (text.find_first_not_of(kSpace) == text.npos) bad_body("EOF");
  check_depth(text);
  std::istringstream in{std::string{text}};
  json value;
  try {
    in >> value;
  } catch (const json::parse_error& error) {
    if (error.byte > text.size()) bad_body("unexpected EOF");
    bad_body(sentence_of(error));
  } catch (const json::exception& error) {  // a number that no double holds
    bad_body(sentence_of(error));
  }
  return value;
}

void refuse(const std::string& place, const std::string& why) { bad_body(place + " " + why); }

Fields::Fields(const json& value, std::string place) : value_{&value}, place_{std::move(place)} {
  if (!value.is_object() && !value.is_null()) {
    refuse(place_.empty() ? "it" : place_, "must be an object");
  }
}

const json* Fields::find(std::string_view key) const {
  if (!value_->is_object()) return nullptr;
  auto found = value_->find(key);
  if (found == value_->end()) {
    for (found = value_->begin(); found != value_->end(); ++found) {
      if (std::ranges::equal(found.key(), key, {}, lower, lower)) break;
    }
  }
  return found == value_->end() || found->is_null() ? nullptr : &*found;
}

std::optional<std::string> Fields::text(std::string_view key) const {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_string()) refuse(place_of(key), "must be a string");
  return value->get<std::string>();
}

std::optional<bool> Fields::flag(std::string_view key) const {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_boolean()) refuse(place_of(key), "must be true or false");
  return value->get<bool>();
}

std::optional<float> Fields::number(std::string_view key) const {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_number()) refuse(place_of(key), "must be a number");
  const double number = value->get<double>();
  if (std::abs(number) > std::numeric_limits<float>::max()) refuse(place_of(key), "is too large");
  return static_cast<float>(number) + 0.0F;  // a zero has no sign
}

std::optional<std::int64_t> Fields::whole(std::string_view key) const {
  const json* value = find(key);
  if (value == nullptr) return std::nullopt;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  const bool fits = value->is_number_float()      ? holds_whole(value->get<double>())
                    : value->is_number_unsigned() ? value->get<std::uint64_t>() <= kMost
                                                  : value->is_number_integer();
  if (!fits) refuse(place_of(key), "must be a whole number of 64 bits");
  return value->get<std::int64_t>();
}

std::string Fields::place_of(std::string_view key) const {
  return (place_.empty() ? "" : place_ + ".") + std::string{key};
}

}  // namespace blackstart::api
