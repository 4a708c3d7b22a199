#pragma once

// A mistake in a scenario, as a value with a place.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace blackstart {

// One-based, as editors count. `file` indexes the list of texts that a scenario was read
// from (its own, then the library's where it says `replay:`).
struct SourcePos {
  std::uint32_t file = 0;
  std::uint32_t line = 1;
  std::uint32_t column = 1;

  bool operator==(const SourcePos&) const = default;
};

// A text that scenarios are read from, under the name that messages give it.
struct SourceText {
  std::string name;
  std::string text;
};

struct Diagnostic {
  SourcePos pos;
  std::string message;  // lower case, no full stop
  std::string hint;     // empty, or one suggestion
};

using Diagnostics = std::vector<Diagnostic>;

// `file:line:column: error: message`, the source line, a caret, and the hint.
inline std::string render(const Diagnostic& d, const std::vector<SourceText>& sources) {
  const bool known = d.pos.file < sources.size();
  std::string_view source = known ? std::string_view{sources[d.pos.file].text} : "";
  for (std::uint32_t skipped = 1; skipped < d.pos.line && !source.empty(); ++skipped) {
    source.remove_prefix(std::min(source.find('\n'), source.size() - 1) + 1);
  }
  const std::string_view line = source.substr(0, std::min(source.find('\n'), std::size_t{160}));
  const std::string number = std::to_string(d.pos.line);
  const std::string gutter(number.size() + 2, ' ');

  std::string out = (known ? sources[d.pos.file].name : std::string{"-"}) + ':' + number + ':' +
                    std::to_string(d.pos.column);
  out.append(": error: ").append(d.message);
  out.append("\n ").append(number).append(" | ").append(line).append("\n");
  if (d.pos.column <= line.size() + 1) {
    out.append(gutter).append("| ").append(d.pos.column - 1, ' ').append("^\n");
  }
  if (!d.hint.empty()) out.append(gutter).append("hint: ").append(d.hint).append("\n");
  return out;
}

}  // namespace blackstart
