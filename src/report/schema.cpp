#include "report/schema.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "core/quantity.h"

namespace blackstart {
namespace {

using Json = nlohmann::ordered_json;
using Kind = Shape::Kind;

constexpr std::string_view kNumber = R"(\d+(\.\d+)?)";
constexpr std::string_view kReference = R"(\$\{)";

std::string join(const std::vector<std::string>& parts, std::string_view between) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : std::string{between}) + part;
  return out;
}

// 1m30s: each unit at most once, the largest first.
std::string duration_pattern() {
  std::string out = R"(^(?=\d))";
  for (const Unit& unit : duration_units()) {
    out += "( ?" + std::string{kNumber} + " ?" + std::string{unit.name} + ")?";
  }
  return out + "$";
}

std::string rate_pattern() {
  std::vector<std::string> names;
  for (const Unit& unit : rate_units()) names.emplace_back(unit.name);
  return "^" + std::string{kNumber} + " ?(" + join(names, "|") + ")$";
}

Json text_like(const std::string& pattern) {
  return {{"type", "string"}, {"pattern", std::string{kReference} + "|" + pattern}};
}

// Before `${name}` is replaced, any scalar may be such a text.
Json or_reference(Json schema) {
  Json reference{{"type", "string"}, {"pattern", kReference}};
  return {{"anyOf", Json::array({std::move(schema), std::move(reference)})}};
}

Json number_like(const Shape& shape, const char* type) {
  Json out{{"type", type}};
  if (shape.least > std::numeric_limits<double>::lowest()) out["minimum"] = shape.least;
  if (shape.most < std::numeric_limits<double>::max()) out["maximum"] = shape.most;
  return or_reference(std::move(out));
}

Json schema_of(const Shape& shape);

Json object_of(const Shape& shape) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Key& key : shape.keys) {
    Json one = schema_of(*key.shape);
    if (!key.doc.empty()) one["description"] = key.doc;
    properties[std::string{key.name}] = std::move(one);
    if (key.required) required.push_back(key.name);
  }
  Json out{{"type", "object"}, {"properties", std::move(properties)}};
  if (!required.empty()) out["required"] = std::move(required);
  out["additionalProperties"] = false;
  return out;
}

Json list_of(const Shape& shape) {
  Json item = schema_of(*shape.item);
  Json array{{"type", "array"}, {"items", item}};
  if (!shape.or_single) return array;
  return {{"anyOf", Json::array({std::move(array), std::move(item)})}};
}

Json either_of(const Shape& shape) {
  Json options = Json::array();
  for (const Shape* const option : shape.options) options.push_back(schema_of(*option));
  return {{"anyOf", std::move(options)}};
}

Json bare_schema_of(const Shape& shape) {
  switch (shape.kind) {
    case Kind::text:
      return {{"type", {"string", "number", "boolean"}}};
    case Kind::word:
      return or_reference({{"enum", Json(shape.words)}});
    case Kind::boolean:
      return or_reference({{"type", "boolean"}});
    case Kind::integer:
      return number_like(shape, "integer");
    case Kind::number:
      return number_like(shape, "number");
    case Kind::duration:
      return text_like(duration_pattern());
    case Kind::share:
      return text_like("^" + std::string{kNumber} + " ?%$");
    case Kind::rate:
      return text_like(rate_pattern());
    case Kind::literal:
      return {{"type", {"string", "number", "boolean", "null"}}};
    case Kind::list:
      return list_of(shape);
    case Kind::table:
      return {{"type", "object"}, {"additionalProperties", schema_of(*shape.item)}};
    case Kind::object:
      return object_of(shape);
    case Kind::either:
      return either_of(shape);
  }
  return Json::object();
}

Json schema_of(const Shape& shape) {
  Json out = bare_schema_of(shape);
  if (!shape.doc.empty()) out["description"] = shape.doc;
  return out;
}

}  // namespace

std::string json_schema(const Shape& top) {
  Json out{{"$schema", "http://json-schema.org/draft-07/schema#"},
           {"title", "Blackstart scenario, version 1"}};
  out.update(schema_of(top));
  return out.dump(2) + "\n";
}

}  // namespace blackstart
