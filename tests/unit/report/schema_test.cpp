#include "report/schema.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "fault/registry.h"
#include "probe/registry.h"
#include "scenario/language.h"
#include "scenario/library.h"
#include "scenario/loader.h"

namespace blackstart {
namespace {

using nlohmann::json;

Kinds real_kinds() { return {fault_kinds(), probe_kinds()}; }

// "timeline/dns/target": every key that a table or a schema has, by where it stands.
void collect(const Shape& shape, const std::string& path, std::set<std::string>& out) {
  if (shape.item != nullptr) collect(*shape.item, path, out);
  for (const Shape* const option : shape.options) collect(*option, path, out);
  for (const Key& key : shape.keys) {
    const std::string here = path + "/" + std::string{key.name};
    out.insert(here + (key.required ? " required" : ""));
    collect(*key.shape, here, out);
  }
}

void collect(const json& schema, const std::string& path, std::set<std::string>& out) {
  if (schema.contains("items")) collect(schema["items"], path, out);
  for (const json& option : schema.value("anyOf", json::array())) collect(option, path, out);
  const json more = schema.value("additionalProperties", json());
  if (more.is_object()) collect(more, path, out);
  const json required = schema.value("required", json::array());
  const json properties = schema.value("properties", json::object());
  for (const auto& [name, one] : properties.items()) {
    const bool must = std::find(required.begin(), required.end(), name) != required.end();
    const std::string here = path + "/" + name;
    out.insert(here + (must ? " required" : ""));
    collect(one, here, out);
  }
}

TEST(Schema, HasEveryKeyOfTheParsersTableAndNoOther) {
  const Language language{real_kinds()};
  std::set<std::string> table, schema;
  collect(language.top(), "", table);
  collect(json::parse(json_schema(language.top())), "", schema);
  EXPECT_EQ(table, schema);
  EXPECT_TRUE(table.contains("/blackstart required"));
  EXPECT_TRUE(table.contains("/timeline/dns/target required"));
}

bool has_type(const json& value, const std::string& type) {
  if (type == "integer") return value.is_number_integer();
  if (type == "number") return value.is_number();
  return value.type_name() == type;
}

bool validates(const json& value, const json& schema);

bool validates_object(const json& value, const json& schema) {
  for (const json& name : schema.value("required", json::array())) {
    if (!value.contains(name.get<std::string>())) return false;
  }
  const json properties = schema.value("properties", json::object());
  const json others = schema.value("additionalProperties", json(true));
  for (const auto& [name, one] : value.items()) {
    if (properties.contains(name)) {
      if (!validates(one, properties[name])) return false;
    } else if (others.is_object() ? !validates(one, others) : others == false) {
      return false;
    }
  }
  return true;
}

// The part of JSON Schema that our schema uses.
bool validates(const json& value, const json& schema) {
  if (schema.contains("anyOf")) {
    const auto& options = schema["anyOf"];
    if (std::none_of(options.begin(), options.end(),
                     [&](const json& option) { return validates(value, option); })) {
      return false;
    }
  }
  if (schema.contains("enum")) {
    const auto& all = schema["enum"];
    if (std::find(all.begin(), all.end(), value) == all.end()) return false;
  }
  if (schema.contains("type")) {
    const json types = schema["type"].is_array() ? schema["type"] : json::array({schema["type"]});
    if (std::none_of(types.begin(), types.end(),
                     [&](const json& type) { return has_type(value, type); })) {
      return false;
    }
  }
  if (schema.contains("pattern") && value.is_string()) {
    const std::regex pattern{schema["pattern"].get<std::string>()};
    if (!std::regex_search(value.get<std::string>(), pattern)) return false;
  }
  if (schema.contains("minimum") && value.is_number() && value < schema["minimum"]) return false;
  if (schema.contains("maximum") && value.is_number() && value > schema["maximum"]) return false;
  if (value.is_array() && schema.contains("items")) {
    return std::all_of(value.begin(), value.end(),
                       [&](const json& item) { return validates(item, schema["items"]); });
  }
  return !value.is_object() || validates_object(value, schema);
}

TEST(Schema, HoldsForEveryScenarioOfTheLibrary) {
  const Language language{real_kinds()};
  const json schema = json::parse(json_schema(language.top()));
  LoadOptions options;
  options.library = library_source;
  options.sets["zone"] = "10.0.3.0/24";
  for (const LibraryScenario& one : library_scenarios()) {
    LoadOptions used = options;
    if (one.text.find("${zone}") == std::string_view::npos) used.sets.clear();
    const Loaded loaded = load(*library_source(one.name), real_kinds(), used);
    ASSERT_TRUE(loaded.scenario) << one.name;
    EXPECT_TRUE(validates(json::parse(loaded.scenario->resolved), schema)) << one.name;
  }
}

// What the parser refuses in one value, the editor shows as it is typed.
TEST(Schema, RefusesWhatTheParserRefuses) {
  const Language language{real_kinds()};
  const json schema = json::parse(json_schema(language.top()));
  const auto accepts = [&](const char* text) { return validates(json::parse(text), schema); };

  EXPECT_TRUE(accepts(R"({"blackstart": 1, "watch": {"baseline": "1m30s"}})"));
  EXPECT_TRUE(accepts(R"({"blackstart": 1, "watch": {"baseline": "1.5s"}, "speed": "${speed}"})"));
  EXPECT_TRUE(accepts(R"({"blackstart": 1, "where": {"pid": 5}, "targets": {"a": {"port": 5}}})"));
  for (const char* text : {
           R"({"watch": {"baseline": "10s"}})",
           R"({"blackstart": 2})",
           R"({"blackstart": 1, "watch": {"baseline": 10}})",
           R"({"blackstart": 1, "watch": {"baseline": "30s1m"}})",
           R"({"blackstart": 1, "watch": {"baseline": "10x"}})",
           R"({"blackstart": 1, "wacth": {}})",
           R"({"blackstart": 1, "where": "hots"})",
           R"({"blackstart": 1, "where": {"pid": 0}})",
           R"({"blackstart": 1, "targets": {"a": {"any": "yes"}}})",
           R"({"blackstart": 1, "objectives": {"a": {"normal": "99"}}})",
       }) {
    EXPECT_FALSE(accepts(text)) << text;
  }
}

}  // namespace
}  // namespace blackstart
