#include "scenario/resolved.h"

#include <algorithm>

namespace blackstart {
namespace {

// The grammar of RFC 8259, section 6.
bool is_json_number(std::string_view text) {
  const auto take_digits = [&] {
    const std::size_t count = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(count);
    return count;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool zero = text.starts_with('0');
  const std::size_t whole = take_digits();
  if (whole == 0 || (zero && whole > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (take_digits() == 0) return false;
  }
  return text.empty();
}

void write_string(std::string& out, std::string_view text, bool is_value) {
  constexpr std::string_view kHex = "0123456789abcdef";
  out.push_back('"');
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"' || c == '\\') {
      out.append({'\\', c});
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
      const auto byte = static_cast<unsigned char>(c);
      out.append("\\u00").append({kHex[byte >> 4], kHex[byte & 15]});
    } else {
      if (is_value && text.substr(i).starts_with("${")) out.push_back('$');
      out.push_back(c);
    }
  }
  out.push_back('"');
}

void write(std::string& out, const Node& node);

void write_scalar(std::string& out, const Node& node) {
  const bool bare = !node.quoted && (node.text == "true" || node.text == "false" ||
                                     node.text == "null" || is_json_number(node.text));
  if (bare) {
    out.append(node.text);
  } else {
    write_string(out, node.text, true);
  }
}

void write_map(std::string& out, const Node& map, bool is_root) {
  out.push_back('{');
  bool first = true;
  for (const Node::Member& member : map.members) {
    if (is_root && (member.key == "vars" || member.key == "replay")) continue;
    if (!first) out.append(", ");
    first = false;
    write_string(out, member.key, false);
    out.append(": ");
    write(out, member.value);
  }
  out.push_back('}');
}

void write(std::string& out, const Node& node) {
  switch (node.kind) {
    case Node::Kind::null:
      out.append("null");
      return;
    case Node::Kind::scalar:
      return write_scalar(out, node);
    case Node::Kind::list:
      out.push_back('[');
      for (const Node& item : node.items) {
        if (&item != &node.items.front()) out.append(", ");
        write(out, item);
      }
      out.push_back(']');
      return;
    case Node::Kind::map:
      return write_map(out, node, false);
  }
}

}  // namespace

std::string resolved_json(const Node& root) {
  std::string out;
  write_map(out, root, true);
  return out;
}

}  // namespace blackstart
