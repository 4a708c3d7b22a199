#pragma once

// What a terminal would make of a text.

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "report/text.h"

namespace blackstart::test {

// An escape sequence that clears the screen, a C1 control, a bell, a newline, a mark that turns
// the direction of writing, and a byte that is no UTF-8.
inline const std::string kHostile =
    "\x1b[2J\x1b]0;owned\x07 <&\"' \xc2\x9b"
    "31m\r\nMET \xe2\x80\xae \xff\xc3";

inline std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    lines.emplace_back(line);
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return lines;
}

inline std::size_t widest_line(std::string_view text) {
  std::size_t widest = 0;
  for (const std::string& line : lines_of(text)) {
    widest = std::max(widest, picture::width_of(line));
  }
  return widest;
}

// The first line that has `part` in it; empty where none has.
inline std::string line_with(std::string_view text, std::string_view part) {
  for (const std::string& line : lines_of(text)) {
    if (line.find(part) != std::string::npos) return line;
  }
  return {};
}

inline bool has_control(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if ((byte < 0x20 && byte != '\n') || byte == 0x7f || c1) return true;
  }
  return false;
}

inline bool is_ascii(std::string_view text) {
  for (const char c : text) {
    if (static_cast<unsigned char>(c) >= 0x80) return false;
  }
  return true;
}

}  // namespace blackstart::test
