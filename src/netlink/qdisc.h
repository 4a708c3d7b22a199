#pragma once

// The queueing discipline at the root of a device of ours.

#include <string>
#include <string_view>

#include "netlink/link.h"

namespace blackstart::netlink {

// The kind at the root of a device: "noqueue", "blackhole"; empty where it has none.
std::string root_qdisc(RouteSocket& route, std::string_view device);

// Puts `blackhole` at the root of `device`, which must be one of ours: from then on whatever
// is sent to it vanishes, and no sender is told. In every kernel with traffic control.
void set_blackhole(RouteSocket& route, std::string_view device);

}  // namespace blackstart::netlink
