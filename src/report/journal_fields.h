#pragma once

// Reading the fields of one journal line, where anything may be missing or of another kind.

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "blackstart/time.h"

namespace blackstart {

// Instants and spans of more than ten years are no part of any run, and would overflow sums.
inline constexpr std::int64_t kJournalSpanMax = std::int64_t{10} * 366 * 24 * 3600 * 1'000'000'000;

// Reads fields of a JSON object. A required one that is missing, or any that is there and is not
// of its kind or out of range, makes the line no good(); reading goes on with a zero.
class JournalFields {
 public:
  explicit JournalFields(const nlohmann::json& object) : object_{&object} {}

  bool good() const { return good_; }

  template <class T>
  T whole(const char* key, std::optional<T> fallback = std::nullopt) {
    const nlohmann::json* const value = find(key);
    if (value == nullptr) return absent(fallback);
    if (value->is_number_unsigned()) {
      const auto number = value->get<std::uint64_t>();
      if (std::in_range<T>(number)) return static_cast<T>(number);
    } else if (value->is_number_integer()) {
      const auto number = value->get<std::int64_t>();
      if (std::in_range<T>(number)) return static_cast<T>(number);
    }
    return bad<T>();
  }

  Duration span(const char* key, std::optional<Duration> fallback = std::nullopt) {
    std::optional<std::int64_t> count;
    if (fallback) count = fallback->count();
    const auto nanoseconds = whole<std::int64_t>(key, count);
    if (nanoseconds < 0 || nanoseconds > kJournalSpanMax) return bad<Duration>();
    return Duration{nanoseconds};
  }

  RunTime instant(const char* key) { return {span(key)}; }

  double number(const char* key, double fallback) {
    const nlohmann::json* const value = find(key);
    if (value == nullptr) return fallback;
    return value->is_number() ? value->get<double>() : bad<double>();
  }

  bool boolean(const char* key, std::optional<bool> fallback = std::nullopt) {
    const nlohmann::json* const value = find(key);
    if (value == nullptr) return absent(fallback);
    return value->is_boolean() ? value->get<bool>() : bad<bool>();
  }

  std::string text(const char* key) {
    const nlohmann::json* const value = find(key);
    if (value == nullptr) return {};
    return value->is_string() ? value->get<std::string>() : bad<std::string>();
  }

  // A word of a table, as its index: the value of an enumeration.
  template <class Enum, std::size_t N>
  Enum word(const char* key, const std::array<std::string_view, N>& words) {
    const auto found = std::ranges::find(words, text(key));
    if (found == words.end()) return bad<Enum>();
    return static_cast<Enum>(found - words.begin());
  }

  std::map<std::string, std::uint64_t> counts(const char* key) {
    std::map<std::string, std::uint64_t> out;
    const nlohmann::json* const value = find(key);
    if (value == nullptr) return out;
    if (!value->is_object()) return bad<std::map<std::string, std::uint64_t>>();
    for (const auto& [name, count] : value->items()) {
      if (!count.is_number_unsigned()) return bad<std::map<std::string, std::uint64_t>>();
      out[name] = count.get<std::uint64_t>();
    }
    return out;
  }

 private:
  const nlohmann::json* find(const char* key) const {
    const auto found = object_->find(key);
    return found == object_->end() ? nullptr : &*found;
  }

  template <class T>
  T absent(const std::optional<T>& fallback) {
    return fallback ? *fallback : bad<T>();
  }

  template <class T>
  T bad() {
    good_ = false;
    return T{};
  }

  const nlohmann::json* object_;
  bool good_ = true;
};

}  // namespace blackstart
