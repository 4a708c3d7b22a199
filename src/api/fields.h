#pragma once

// Reading JSON as Toxiproxy's clients write it.

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace blackstart::api {

// The first JSON value of `text`; what follows it is not looked at. Throws ApiError (400) with
// Go's "EOF" for no value and "unexpected EOF" for half of one, which clients compare.
nlohmann::json first_value(std::string_view text);

// The members of an object: keys match in any letter case, the exact one first; `null` is absent,
// and so is every member of `null` itself. What has another type throws ApiError (400), which
// tells where.
class Fields {
 public:
  // `value` must outlive this. `place` is what leads to it: "", "[2]" or "toxics[0]".
  Fields(const nlohmann::json& value, std::string place);

  const nlohmann::json* find(std::string_view key) const;
  std::optional<std::string> text(std::string_view key) const;
  std::optional<bool> flag(std::string_view key) const;
  std::optional<float> number(std::string_view key) const;        // what a float can hold
  std::optional<std::int64_t> whole(std::string_view key) const;  // 10.0 and 1e2 too

  std::string place_of(std::string_view key) const;

 private:
  const nlohmann::json* value_;
  std::string place_;
};

[[noreturn]] void refuse(const std::string& place, const std::string& why);

}  // namespace blackstart::api
