#include "scenario/text.h"

#include <string_view>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

// The length of the well-formed UTF-8 sequence at the start of `text` (RFC 3629), or 0.
std::size_t sequence_length(std::string_view text) {
  const auto byte = [&](std::size_t i) {
    return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
  };
  const auto within = [](unsigned value, unsigned least, unsigned most) {
    return value >= least && value <= most;
  };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (within(lead, 0xC2, 0xDF)) return within(byte(1), 0x80, 0xBF) ? 2 : 0;
  if (within(lead, 0xE0, 0xEF)) {
    const unsigned least = lead == 0xE0 ? 0xA0 : 0x80;  // no overlong form
    const unsigned most = lead == 0xED ? 0x9F : 0xBF;   // no surrogate
    return within(byte(1), least, most) && within(byte(2), 0x80, 0xBF) ? 3 : 0;
  }
  if (!within(lead, 0xF0, 0xF4)) return 0;
  const unsigned least = lead == 0xF0 ? 0x90 : 0x80;
  const unsigned most = lead == 0xF4 ? 0x8F : 0xBF;  // nothing above U+10FFFF
  const bool rest = within(byte(2), 0x80, 0xBF) && within(byte(3), 0x80, 0xBF);
  return within(byte(1), least, most) && rest ? 4 : 0;
}

bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return (byte < 0x20 && c != '\n' && c != '\t') || byte == 0x7F;
}

void end_lines_with_newline(std::string& text) {
  auto out = text.begin();
  for (auto in = text.begin(); in != text.end(); ++in) {
    const bool ends_line = *in == '\r' && in + 1 != text.end() && in[1] == '\n';
    if (!ends_line) *out++ = *in;
  }
  text.erase(out, text.end());
}

}  // namespace

bool clean_text(std::string& text, std::uint32_t file, Diagnostics& diagnostics) {
  const auto refuse = [&](SourcePos pos, std::string message, std::string hint) {
    diagnostics.push_back({pos, std::move(message), std::move(hint)});
    return false;
  };
  if (text.size() > limits::scenario_bytes_max) {
    return refuse({file, 1, 1}, "the file is larger than 1 MiB", "");
  }
  if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
    return refuse({file, 1, 1}, "the file is UTF-16; a scenario is UTF-8", "");
  }
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  end_lines_with_newline(text);

  SourcePos pos{file, 1, 1};
  for (std::string_view rest = text; !rest.empty();) {
    const std::size_t length = sequence_length(rest);
    if (length == 0) return refuse(pos, "this byte is not UTF-8", "save the file as UTF-8");
    if (is_control(rest.front())) {
      const auto code = std::to_string(static_cast<unsigned char>(rest.front()));
      return refuse(pos, "a control character (code " + code + ") is not allowed here",
                    "in a text, write it as an escape in double quotes");
    }
    const bool line_ends = rest.front() == '\n';
    pos.column = line_ends ? 1 : pos.column + 1;
    pos.line += line_ends ? 1 : 0;
    rest.remove_prefix(length);
  }
  return true;
}

}  // namespace blackstart
