#include "probe/json_rules.h"

#include <limits>
#include <nlohmann/json.hpp>

namespace blackstart {
namespace {

using nlohmann::json;

constexpr std::size_t kDepthMax = 64;  // of a body, so that it cannot exhaust the stack
constexpr std::size_t kCompoundBytesMax = 512;

Value value_of(const json& node) {
  switch (node.type()) {
    case json::value_t::null:
      return nullptr;
    case json::value_t::boolean:
      return node.get<bool>();
    case json::value_t::number_integer:
      return node.get<std::int64_t>();
    case json::value_t::number_unsigned: {
      const auto number = node.get<std::uint64_t>();
      constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
      if (number > kMost) return static_cast<double>(number);
      return static_cast<std::int64_t>(number);
    }
    case json::value_t::number_float:
      return node.get<double>();
    case json::value_t::string:
      return node.get<std::string>();
    default:
      break;
  }
  const std::string text = node.dump(-1, ' ', false, json::error_handler_t::replace);
  return Compound{bounded(text, kCompoundBytesMax)};
}

// nullopt where it is no JSON, or nested too deeply.
std::optional<json> parse_body(std::string_view body) {
  bool too_deep = false;
  const auto shallow = [&](int depth, json::parse_event_t, json&) {
    too_deep = too_deep || static_cast<std::size_t>(depth) > kDepthMax;
    return !too_deep;
  };
  json parsed = json::parse(body, shallow, false);
  if (too_deep || parsed.is_discarded()) return std::nullopt;
  return parsed;
}

// What RFC 6901 leaves no meaning for; empty: well-formed.
std::string pointer_mistake(const std::string& text) {
  if (!text.empty() && text.front() != '/') return "a JSON Pointer begins with a slash";
  try {
    json::json_pointer{text};
    return {};
  } catch (const json::exception&) {
    return "not a JSON Pointer (RFC 6901): ~ must be followed by 0 or 1";
  }
}

}  // namespace

constinit const Shape kJsonRulesShape{
    .kind = Shape::Kind::table,
    .doc = "JSON Pointers to what stands there, such as {/balance: 42.5}",
    .item = &kValueRuleShape,
};

JsonRules::JsonRules(const ParamReader& in, const Node* table) {
  if (table == nullptr) return;
  for (const Node::Member& member : table->members) {
    if (const std::string mistake = pointer_mistake(member.key); !mistake.empty()) {
      const bool bare = !member.key.empty() && member.key.front() != '/';
      in.error_at(member.key_pos, mistake, bare ? "write /" + member.key : std::string{});
      continue;
    }
    rules_.push_back({member.key, ValueRule{in, member.value}});
  }
}

std::optional<Miss> JsonRules::check(std::string_view body) const {
  if (rules_.empty()) return std::nullopt;
  const std::optional<json> parsed = parse_body(body);
  if (!parsed) return Miss{"the body is not JSON", "body: " + std::string{body}};
  for (const Rule& rule : rules_) {
    const json::json_pointer pointer{rule.pointer};
    const std::string place = rule.pointer.empty() ? "the body" : rule.pointer;
    if (!parsed->contains(pointer)) {
      return Miss{place + " is missing", "body: " + std::string{body}};
    }
    const Value value = value_of(parsed->at(pointer));
    if (const auto miss = rule.value.miss(value)) {
      return Miss{place + ' ' + *miss,
                  place + " is " + to_text(value) + "; body: " + std::string{body}};
    }
  }
  return std::nullopt;
}

}  // namespace blackstart
