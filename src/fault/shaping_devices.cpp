#include "fault/shaping_devices.h"

#include <utility>

#include "blackstart/limits.h"
#include "fault/devices.h"
#include "netlink/link.h"
#include "netlink/netem.h"

namespace blackstart {

using netlink::RouteSocket;

ShapingDevices::ShapingDevices(std::vector<ShapedClass> classes, bool netem) : netem_{netem} {
  RouteSocket route;
  try {
    for (ShapedClass& shape : classes) {
      make_ifb(route, shape.device);
      devices_.push_back({std::move(shape), {}});
      Device& made = devices_.back();
      set(route, made, made.shape.impairment({}));
      route.set_up(made.shape.device);
    }
  } catch (...) {
    remove();
    throw;
  }
}

ShapingDevices::~ShapingDevices() { remove(); }

void ShapingDevices::set(RouteSocket& route, Device& device, const Impairment& impairment) {
  const std::string& name = device.shape.device;
  if (netem_) {
    netlink::set_netem(route, name, impairment, netlink::netem_limit(impairment));
  } else {
    BS_ASSERT(impairment.rate);  // preflight has refused all else
    netlink::set_rate(route, name, *impairment.rate);
  }
  device.now = impairment;
}

void ShapingDevices::set_progress(const Progress& progress) {
  std::optional<RouteSocket> route;
  for (Device& device : devices_) {
    const Impairment wanted = device.shape.impairment(progress);
    if (wanted == device.now) continue;
    if (!route) route.emplace();
    set(*route, device, wanted);
  }
}

ShapingDevices::Counts ShapingDevices::counts(std::uint32_t entry) const {
  Counts sum;
  RouteSocket route;
  for (const Device& device : devices_) {
    if (!device.shape.has(entry)) continue;
    const auto counts = netlink::root_counts(route, device.shape.device);
    if (!counts) continue;
    sum.passed += counts->packets;
    sum.dropped += counts->dropped;
  }
  return sum;
}

std::vector<std::string> ShapingDevices::remove() {
  std::vector<std::string> names;
  for (const Device& device : std::exchange(devices_, {})) names.push_back(device.shape.device);
  return remove_devices(names);
}

}  // namespace blackstart
