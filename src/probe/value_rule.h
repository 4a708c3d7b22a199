#pragma once

// What one value of an answer must be.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "probe/pattern.h"

namespace blackstart {

// An object or array of an answer: equal to no literal, shown as its JSON text.
struct Compound {
  std::string json;
};

using Value = std::variant<std::nullptr_t, bool, std::int64_t, double, std::string, Compound>;

// As JSON would write it.
std::string to_text(const Value& value);

// A scalar of a scenario as JSON would read it: 42 is a number, "42" a text.
Value literal_of(const Node& scalar);

// `42.5`, or `{gt: 0, lt: 100}`, or `{matches: ^ok}`. Numbers compare as numbers (1 and 1.0
// are equal), whole ones exactly.
class ValueRule {
 public:
  // `node` has the shape kValueRuleShape. Mistakes are reported to `in`.
  ValueRule(const ParamReader& in, const Node& node);

  // What is wrong with `value`, to follow its name: "is 0, expected 42.5". nullopt: nothing.
  std::optional<std::string> miss(const Value& value) const;

 private:
  enum class Relation : std::uint8_t { eq, ne, gt, gte, lt, lte, matches };
  struct Condition {
    Relation relation;
    Value operand;
    std::optional<Pattern> pattern;
  };

  void add(const ParamReader& in, std::string_view relation, const Node& operand);
  static bool holds(const Condition& condition, const Value& value);

  std::vector<Condition> conditions_;
};

extern const Shape kValueRuleShape;

}  // namespace blackstart
