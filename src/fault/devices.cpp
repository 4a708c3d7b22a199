#include "fault/devices.h"

#include <exception>
#include <string_view>
#include <utility>

#include "netlink/link.h"
#include "netlink/qdisc.h"

namespace blackstart {
namespace {

using netlink::RouteSocket;

// A device of the name and another kind is a leftover that is of no use.
bool reusable(RouteSocket& route, std::string_view name, std::string_view kind) {
  const auto found = route.find_link(name);
  if (!found) return false;
  if (found->kind == kind) return true;
  route.remove(name);
  return false;
}

void make_swallowing(RouteSocket& route) {
  make_ifb(route, kSwallowDevice);
  netlink::set_blackhole(route, kSwallowDevice);
  route.set_up(kSwallowDevice);
}

void make_answering(RouteSocket& route) {
  if (!reusable(route, kHostAnswerDevice, "veth") || !reusable(route, kPortAnswerDevice, "veth")) {
    for (const char* stray : {kHostAnswerDevice, kPortAnswerDevice}) {
      if (route.find_link(stray)) route.remove(stray);
    }
    route.create_veth(kHostAnswerDevice, kPortAnswerDevice);
  }
  route.set_up(kHostAnswerDevice);
  route.set_up(kPortAnswerDevice);
  // The one that was up first has had its carrier since, and may have no queue yet.
  netlink::set_fifo(route, kHostAnswerDevice);
}

}  // namespace

void make_ifb(RouteSocket& route, std::string_view name) {
  if (!reusable(route, name, "ifb")) route.create(name, "ifb");
}

OwnDevices::OwnDevices(const CompiledEntries& compiled) {
  if (!compiled.swallows && !compiled.answers) return;
  RouteSocket route;
  try {
    if (compiled.swallows) {
      names_.emplace_back(kSwallowDevice);
      make_swallowing(route);
    }
    if (compiled.answers) {
      names_.emplace_back(kHostAnswerDevice);
      make_answering(route);
    }
  } catch (...) {
    remove();
    throw;
  }
}

OwnDevices::~OwnDevices() { remove(); }

std::vector<std::string> OwnDevices::remove() { return remove_devices(std::exchange(names_, {})); }

std::vector<std::string> remove_devices(const std::vector<std::string>& names) {
  std::vector<std::string> failures;
  for (const std::string& name : names) {
    try {
      RouteSocket route;
      if (route.find_link(name)) route.remove(name);
    } catch (const std::exception& failure) {
      failures.emplace_back(failure.what());
    }
  }
  return failures;
}

std::vector<std::string> other_devices() {
  RouteSocket route;
  std::vector<std::string> names;
  for (const netlink::Link& link : route.links()) {
    if (!is_own_device(link.name)) names.push_back(link.name);
  }
  return names;
}

bool is_own_device(std::string_view name) {
  constexpr std::string_view kPrefix = "bs";
  if (!name.starts_with(kPrefix)) return false;
  name.remove_prefix(kPrefix.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

}  // namespace blackstart
