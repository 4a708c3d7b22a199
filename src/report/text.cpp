#include "report/text.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <optional>
#include <utility>

namespace blackstart::picture {
namespace {

constexpr std::array<std::string_view, 7> kInks{"", "1", "2", "32", "31", "1;35", "33"};

struct Range {
  char32_t first, last;
};

// At least what terminals make two columns wide.
constexpr std::array kWide{
    Range{0x1100, 0x115F},   Range{0x231A, 0x231B},   Range{0x23E9, 0x23F3},
    Range{0x2614, 0x27B0},   Range{0x2B1B, 0x2B55},   Range{0x2E80, 0xA4CF},
    Range{0xA960, 0xA97C},   Range{0xAC00, 0xD7A3},   Range{0xF900, 0xFAFF},
    Range{0xFE10, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x16FE0, 0x18CFF}, Range{0x1B000, 0x1B2FF}, Range{0x1F000, 0x1FAFF},
    Range{0x20000, 0x3FFFD},
};

constexpr std::array kCombining{
    Range{0x0300, 0x036F}, Range{0x0483, 0x0489}, Range{0x0591, 0x05BD}, Range{0x1AB0, 0x1AFF},
    Range{0x1DC0, 0x1DFF}, Range{0x20D0, 0x20FF}, Range{0xFE00, 0xFE0F}, Range{0xFE20, 0xFE2F},
};

// Control characters of both sets, breaks, zero-width and direction marks, non-characters.
constexpr std::array kHarmful{
    Range{0x0000, 0x001F}, Range{0x007F, 0x009F}, Range{0x00AD, 0x00AD},   Range{0x061C, 0x061C},
    Range{0x200B, 0x200F}, Range{0x2028, 0x202E}, Range{0x2060, 0x206F},   Range{0xFEFF, 0xFEFF},
    Range{0xFFF9, 0xFFFB}, Range{0xFFFE, 0xFFFF}, Range{0xE0000, 0xE0FFF},
};

template <std::size_t N>
bool within(const std::array<Range, N>& ranges, char32_t character) {
  return std::ranges::any_of(ranges, [character](const Range& range) {
    return range.first <= character && character <= range.last;
  });
}

struct Character {
  char32_t value;
  std::size_t length;  // in bytes
};

// The character that `text` begins with, or nullopt where it is no UTF-8: broken off, longer
// than need be, a surrogate, or beyond Unicode.
std::optional<Character> first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return Character{lead, 1};
  const std::size_t length = lead < 0xC2 ? 0 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
  if (length == 0 || lead > 0xF4 || text.size() < length) return std::nullopt;
  char32_t value = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    const auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80) return std::nullopt;
    value = (value << 6U) | (next & 0x3FU);
  }
  const bool overlong = (length == 3 && value < 0x800) || (length == 4 && value < 0x10000);
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (overlong || surrogate || value > 0x10FFFF) return std::nullopt;
  return Character{value, length};
}

std::size_t width_of(const Character& character) {
  if (within(kCombining, character.value)) return 0;
  return within(kWide, character.value) ? 2 : 1;
}

// Bytes of `text` that fit into `columns`.
std::size_t bytes_within(std::string_view text, std::size_t columns) {
  std::size_t end = 0, width = 0;
  while (end < text.size()) {
    const Character next = first_character(text.substr(end)).value_or(Character{'?', 1});
    width += width_of(next);
    if (width > columns) break;
    end += next.length;
  }
  return end;
}

}  // namespace

std::string inked(const Style& style, Ink ink, std::string_view text) {
  const std::string_view code = kInks[static_cast<std::size_t>(ink)];
  if (!style.colour || code.empty() || text.empty()) return std::string{text};
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

std::string badge(const Style& style, Ink ink, std::string_view word, std::size_t columns) {
  const std::string block = left(style, " " + std::string{word}, columns);
  if (!style.colour || ink == Ink::plain) return block;
  const std::string_view code = kInks[static_cast<std::size_t>(ink)];
  return "\x1b[" + std::string{code} + ";7m" + block + "\x1b[0m";
}

std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = first_character(text);
    const std::size_t length = next ? next->length : 1;
    if (!next || within(kHarmful, next->value)) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
  return out;
}

std::string shown(const Style& style, std::string_view text) {
  const std::string safe = harmless(text);
  if (style.unicode) return safe;
  std::string out;
  for (std::string_view rest = safe; !rest.empty();) {
    const std::size_t length = first_character(rest).value_or(Character{'?', 1}).length;
    out += length == 1 ? rest[0] : '?';
    rest.remove_prefix(length);
  }
  return out;
}

std::string upper(std::string_view word) {
  std::string out{word};
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    if (text[0] == '\x1b') {
      text.remove_prefix(std::min(text.find('m'), text.size() - 1) + 1);
      continue;
    }
    const Character next = first_character(text).value_or(Character{'?', 1});
    width += width_of(next);
    text.remove_prefix(next.length);
  }
  return width;
}

std::string cut(const Style& style, std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string{text};
  if (columns == 0) return {};
  return std::string{text.substr(0, bytes_within(text, columns - 1))} + (style.unicode ? "…" : "~");
}

std::string left(const Style& style, std::string_view text, std::size_t columns) {
  std::string out = cut(style, text, columns);
  return out.append(columns - width_of(out), ' ');
}

std::string right(const Style& style, std::string_view text, std::size_t columns) {
  const std::string out = cut(style, text, columns);
  return std::string(columns - width_of(out), ' ') + out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  const auto end_line = [&] {
    if (!line.empty()) lines.push_back(std::exchange(line, {}));
  };
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    if (width_of(line) + 1 + width_of(word) > columns) end_line();
    while (width_of(word) > columns) {
      const std::size_t fits = std::max<std::size_t>(bytes_within(word, columns), 1);
      lines.emplace_back(word.substr(0, fits));
      word.remove_prefix(fits);
    }
    if (!line.empty()) line += ' ';
    line += word;
  }
  end_line();
  return lines;
}

std::string short_duration(Duration span) {
  const double seconds = seconds_of(span);
  const double size = std::fabs(seconds);
  char text[40];
  if (size >= 120.0) {
    const auto whole = static_cast<long long>(std::llround(size));
    const long long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
    const char* sign = seconds < 0 ? "-" : "";
    if (hours > 0 && minutes == 0) {
      std::snprintf(text, sizeof text, "%s%lldh", sign, hours);
    } else if (hours > 0) {
      std::snprintf(text, sizeof text, "%s%lldh%02lldm", sign, hours, minutes);
    } else if (rest == 0) {
      std::snprintf(text, sizeof text, "%s%lldm", sign, minutes);
    } else {
      std::snprintf(text, sizeof text, "%s%lldm%02llds", sign, minutes, rest);
    }
  } else if (size >= 1.0 || span.count() == 0) {
    const bool whole = std::fabs(seconds - std::round(seconds)) < 0.05;
    std::snprintf(text, sizeof text, whole ? "%.0fs" : "%.1fs", seconds);
  } else {
    std::snprintf(text, sizeof text, size >= 0.01 ? "%.0fms" : "%.1fms", seconds * 1e3);
  }
  return text;
}

}  // namespace blackstart::picture
