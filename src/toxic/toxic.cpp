#include "toxic/toxic.h"

#include <algorithm>

namespace blackstart::toxic {
namespace {

constexpr std::string_view kUpstream = "upstream", kDownstream = "downstream";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

}  // namespace

std::string_view to_text(Stream stream) {
  return stream == Stream::upstream ? kUpstream : kDownstream;
}

std::optional<Stream> parse_stream(std::string_view text) {
  if (std::ranges::equal(text, kUpstream, {}, lower)) return Stream::upstream;
  if (std::ranges::equal(text, kDownstream, {}, lower)) return Stream::downstream;
  return std::nullopt;
}

}  // namespace blackstart::toxic
