#include "blackstart/scenario.h"

#include <algorithm>

namespace blackstart {

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
