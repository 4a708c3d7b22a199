#include "probe/value_rule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "core/shapes.h"

namespace blackstart {
namespace {

constexpr Shape kNumber{.kind = Shape::Kind::number, .doc = "a number"};
constexpr Shape kRegex{.kind = Shape::Kind::text, .doc = "a regular expression (RE2)"};

constexpr std::array kRuleKeys{
    Key{"eq", &shapes::kLiteral, "equal to this"},
    Key{"ne", &shapes::kLiteral, "anything but this"},
    Key{"gt", &kNumber, "a number greater than this"},
    Key{"gte", &kNumber, "a number of at least this"},
    Key{"lt", &kNumber, "a number less than this"},
    Key{"lte", &kNumber, "a number of at most this"},
    Key{"matches", &kRegex, "a text in which this regular expression (RE2 syntax) is found"},
};
constexpr Shape kRules{
    .kind = Shape::Kind::object,
    .doc = "conditions on a value: eq, ne, gt, gte, lt, lte, matches",
    .keys = kRuleKeys,
};
constexpr std::array<const Shape*, 2> kRuleOptions{&shapes::kLiteral, &kRules};

// By Relation.
constexpr std::array<std::string_view, 7> kRelationNames{"eq", "ne",  "gt",     "gte",
                                                         "lt", "lte", "matches"};
constexpr std::array<std::string_view, 7> kRelationWords{
    "expected ",           "expected anything else than ", "expected more than ",
    "expected at least ",  "expected less than ",          "expected at most ",
    "expected a match of "};

std::optional<double> number_of(const Value& value) {
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return static_cast<double>(*whole);
  if (const auto* real = std::get_if<double>(&value)) return *real;
  return std::nullopt;
}

bool equal(const Value& a, const Value& b) {
  const auto left = number_of(a), right = number_of(b);
  if (left && right) {
    const bool whole = a.index() == b.index() && std::holds_alternative<std::int64_t>(a);
    return whole ? std::get<std::int64_t>(a) == std::get<std::int64_t>(b) : *left == *right;
  }
  if (a.index() != b.index()) return false;
  if (const auto* text = std::get_if<std::string>(&a)) return *text == std::get<std::string>(b);
  if (const auto* flag = std::get_if<bool>(&a)) return *flag == std::get<bool>(b);
  return std::holds_alternative<std::nullptr_t>(a);
}

// Three-way by number; nullopt where one is none.
std::optional<int> compare(const Value& a, const Value& b) {
  const auto left = number_of(a), right = number_of(b);
  if (!left || !right) return std::nullopt;
  if (equal(a, b)) return 0;
  const bool whole =
      std::holds_alternative<std::int64_t>(a) && std::holds_alternative<std::int64_t>(b);
  const bool less = whole ? std::get<std::int64_t>(a) < std::get<std::int64_t>(b) : *left < *right;
  return less ? -1 : 1;
}

std::string quoted(std::string_view text) {
  std::string out{"\""};
  for (const char c : text) {
    if (c == '"' || c == '\\') out.push_back('\\');
    if (static_cast<unsigned char>(c) >= 0x20) {
      out.push_back(c);
    } else {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(c) & 0xffU);
      out += escape.data();
    }
  }
  return out + '"';
}

// The shortest text that reads back as the same number.
std::string shortest(double number) {
  std::array<char, 32> text{};
  const auto [end, error] = std::to_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} ? std::string{text.data(), end} : std::string{"a number"};
}

}  // namespace

constinit const Shape kValueRuleShape{
    .kind = Shape::Kind::either,
    .doc = "a literal, or conditions such as {gt: 0, lt: 100}",
    .options = kRuleOptions,
};

std::string to_text(const Value& value) {
  struct Writer {
    std::string operator()(std::nullptr_t) const { return "null"; }
    std::string operator()(bool flag) const { return flag ? "true" : "false"; }
    std::string operator()(std::int64_t number) const { return std::to_string(number); }
    std::string operator()(double number) const { return shortest(number); }
    std::string operator()(const std::string& text) const { return quoted(text); }
    std::string operator()(const Compound& compound) const { return compound.json; }
  };
  return std::visit(Writer{}, value);
}

Value literal_of(const Node& scalar) {
  const std::string& text = scalar.text;
  if (scalar.kind == Node::Kind::null) return nullptr;
  if (scalar.quoted) return text;
  if (text.empty() || text == "null" || text == "~") return nullptr;
  if (text == "true" || text == "false") return text == "true";
  if (const auto whole = parse_integer(text)) return *whole;
  // Not "inf" or "nan", which JSON does not know as numbers.
  if (const auto real = parse_number(text); real && std::isfinite(*real)) return *real;
  return text;
}

ValueRule::ValueRule(const ParamReader& in, const Node& node) {
  if (node.kind != Node::Kind::map) add(in, "eq", node);
  for (const Node::Member& member : node.members) add(in, member.key, member.value);
}

void ValueRule::add(const ParamReader& in, std::string_view relation, const Node& operand) {
  const auto found = std::ranges::find(kRelationNames, relation);
  const bool scalar = operand.kind == Node::Kind::scalar || operand.kind == Node::Kind::null;
  if (found == kRelationNames.end() || !scalar) return;  // the shape's check has refused it
  Condition condition{static_cast<Relation>(found - kRelationNames.begin()), literal_of(operand),
                      std::nullopt};
  if (condition.relation == Relation::matches) {
    std::string error;
    condition.pattern = Pattern::compile(operand.text, error);
    if (!condition.pattern) {
      return in.error_at(operand.pos, "not a regular expression: " + error);
    }
    condition.operand = operand.text;
  }
  conditions_.push_back(std::move(condition));
}

bool ValueRule::holds(const Condition& condition, const Value& value) {
  const Value& operand = condition.operand;
  const std::optional<int> order = compare(value, operand);
  switch (condition.relation) {
    case Relation::eq:
      return equal(value, operand);
    case Relation::ne:
      return !equal(value, operand);
    case Relation::gt:
      return order && *order > 0;
    case Relation::gte:
      return order && *order >= 0;
    case Relation::lt:
      return order && *order < 0;
    case Relation::lte:
      return order && *order <= 0;
    case Relation::matches:
      break;
  }
  const auto* text = std::get_if<std::string>(&value);
  return condition.pattern->found_in(text != nullptr ? *text : to_text(value));
}

std::optional<std::string> ValueRule::miss(const Value& value) const {
  for (const Condition& condition : conditions_) {
    if (holds(condition, value)) continue;
    const std::string_view words = kRelationWords[static_cast<std::size_t>(condition.relation)];
    const std::string operand =
        condition.pattern ? condition.pattern->text() : to_text(condition.operand);
    return "is " + to_text(value) + ", " + std::string{words} + operand;
  }
  return std::nullopt;
}

}  // namespace blackstart
