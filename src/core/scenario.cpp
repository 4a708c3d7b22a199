#include "blackstart/scenario.h"

#include <algorithm>
#include <array>

namespace blackstart {
namespace {

constexpr std::array<std::string_view, 3> kEngines{"nftables", "netem", "nfqueue"};

}  // namespace

std::string_view to_text(ShapeEngine engine) { return kEngines[static_cast<std::size_t>(engine)]; }

std::optional<ShapeEngine> parse_engine(std::string_view text) {
  const auto found = std::ranges::find(kEngines, text);
  if (found == kEngines.end()) return std::nullopt;
  return ShapeEngine{static_cast<std::uint8_t>(found - kEngines.begin())};
}

std::string to_text(const Where& where) {
  switch (where.kind) {
    case Where::Kind::host:
      return "host";
    case Where::Kind::sandbox:
      return "sandbox";
    case Where::Kind::pid:
      return "pid " + std::to_string(where.pid);
    case Where::Kind::netns:
      return "netns " + where.name;
    case Where::Kind::container:
      return "container " + where.name;
  }
  return {};
}

Duration Scenario::timeline_length() const {
  Duration length{};
  for (const Entry& entry : timeline) {
    length = std::max(length, entry.at + entry.lasts.value_or(Duration::zero()));
  }
  return length;
}

}  // namespace blackstart
