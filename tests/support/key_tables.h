#pragma once

// The tables of docs/scenario-format.md, made from the language itself.

#include <algorithm>
#include <string>
#include <vector>

#include "blackstart/shape.h"

namespace blackstart {

// One table for each object below `shape`, in the order of the language, each shape once.
inline void add_key_tables(const Shape& shape, const std::string& path, std::string& out,
                           std::vector<std::string>& seen) {
  if (shape.item != nullptr) {
    const bool named = shape.kind == Shape::Kind::table;
    add_key_tables(*shape.item, path + (named ? ".NAME" : ""), out, seen);
  }
  for (const Shape* const option : shape.options) add_key_tables(*option, path, out, seen);
  if (shape.kind != Shape::Kind::object) return;
  std::string rows;
  for (const Key& key : shape.keys) {
    rows += "| `" + std::string{key.name} + "`" + (key.required ? " (required)" : "") + " | " +
            std::string{key.shape->doc} + " | " + std::string{key.doc} + " |\n";
  }
  if (std::find(seen.begin(), seen.end(), rows) != seen.end()) return;
  seen.push_back(rows);
  out += "\n### " + (path.empty() ? "the file" : "`" + path.substr(1) + "`") + ": " +
         std::string{shape.doc} + "\n\n| key | value | meaning |\n|---|---|---|\n" + rows;
  for (const Key& key : shape.keys) {
    add_key_tables(*key.shape, path + "." + std::string{key.name}, out, seen);
  }
}

inline std::string key_tables(const Shape& top) {
  std::string out;
  std::vector<std::string> seen;
  add_key_tables(top, "", out, seen);
  return out;
}

}  // namespace blackstart
