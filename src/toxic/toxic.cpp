#include "toxic/toxic.h"

#include <algorithm>

namespace blackstart::toxic {

// Each in the file that has its name.
extern const Kind latency_kind, bandwidth_kind, slow_close_kind, timeout_kind, reset_peer_kind,
    slicer_kind, limit_data_kind, noop_kind, slow_open_kind, corrupt_kind, limit_time_kind,
    half_open_kind;

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

std::span<const Kind* const> kinds() {
  static constexpr std::array kKinds{
      &latency_kind,    &bandwidth_kind, &slow_close_kind, &timeout_kind,
      &reset_peer_kind, &slicer_kind,    &limit_data_kind, &noop_kind,
      &slow_open_kind,  &corrupt_kind,   &limit_time_kind, &half_open_kind,
  };
  return kKinds;
}

const Kind* find_kind(std::string_view name) {
  const auto found = std::ranges::find(kinds(), name, &Kind::name);
  return found == kinds().end() ? nullptr : *found;
}

}  // namespace blackstart::toxic
