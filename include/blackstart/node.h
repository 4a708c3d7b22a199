#pragma once

// The located tree: what a scenario file says, before anything knows what it means.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/diagnostic.h"

namespace blackstart {

// One value of a scenario file and where it stands. A plain tree by value: aliases are
// expanded, `${name}` is replaced, duplicate keys are already refused.
struct Node {
  enum class Kind { null, scalar, list, map };

  struct Member;

  Kind kind = Kind::null;
  std::string text;     // of a scalar
  bool quoted = false;  // a quoted scalar is text, whatever it looks like
  SourcePos pos;
  std::vector<Node> items;      // of a list
  std::vector<Member> members;  // of a map, in the file's order

  const Node* find(std::string_view key) const;
};

struct Node::Member {
  std::string key;
  SourcePos key_pos;
  Node value;
};

inline const Node* Node::find(std::string_view key) const {
  for (const Member& member : members) {
    if (member.key == key) return &member.value;
  }
  return nullptr;
}

}  // namespace blackstart
