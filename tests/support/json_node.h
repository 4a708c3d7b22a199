#pragma once

// Located trees for tests that have no YAML reader: written as JSON. A JSON text is a quoted
// scalar; numbers, booleans and null are bare ones. Every node stands on a line of its own,
// counted as it is met, so that a test can tell where a mistake was found.

#include <nlohmann/json.hpp>

#include <cstdint>
#include <string_view>

#include "blackstart/node.h"

namespace blackstart::test {

inline Node to_node(const nlohmann::ordered_json& json, std::uint32_t& line) {
  Node node;
  node.pos = {0, ++line, 1};
  if (json.is_object()) {
    node.kind = Node::Kind::map;
    for (const auto& [key, value] : json.items()) {
      const SourcePos key_pos{0, ++line, 1};
      node.members.push_back({key, key_pos, to_node(value, line)});
    }
  } else if (json.is_array()) {
    node.kind = Node::Kind::list;
    for (const auto& item : json) node.items.push_back(to_node(item, line));
  } else if (!json.is_null()) {
    node.kind = Node::Kind::scalar;
    node.quoted = json.is_string();
    node.text = json.is_string() ? json.get<std::string>() : json.dump();
  }
  return node;
}

inline Node node_of(std::string_view json) {
  std::uint32_t line = 0;
  return to_node(nlohmann::ordered_json::parse(json), line);
}

}  // namespace blackstart::test
