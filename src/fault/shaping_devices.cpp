#include "fault/shaping_devices.h"

#include <algorithm>
#include <system_error>
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
      devices_.push_back({std::move(shape), {}, {}});
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

void ShapingDevices::send_canaries(std::span<const std::uint32_t> in_force) {
  const auto is_on = [&](std::uint32_t entry) {
    return std::ranges::find(in_force, entry) != in_force.end();
  };
  for (Device& device : devices_) {
    const Impairment& now = device.now;
    if (!netem_ || !canaries_ || now.delay == Duration{} || now.rate) continue;
    if (!std::ranges::all_of(device.shape.entries, is_on)) continue;
    try {
      if (!device.canary) device.canary = std::make_unique<Canary>(device.shape.device);
    } catch (const std::system_error&) {
      canaries_ = false;
      continue;
    }
    // What overtakes is not delayed at all.
    device.canary->send(std::chrono::duration_cast<Duration>(now.delay * (1.0 - now.reorder)));
  }
}

void ShapingDevices::add_to(Proof& proof) {
  RouteSocket route;
  for (Device& device : devices_) {
    if (!device.shape.has(proof.entry)) continue;
    const Canary::Figures seen = device.canary ? device.canary->figures() : Canary::Figures{};
    proof.timed += seen.timed;
    proof.delay_asked += seen.asked;
    proof.delay_added += seen.added;
    const auto counts = netlink::root_counts(route, device.shape.device);
    if (!counts) continue;
    // The canaries were counted too.
    proof.shaped += counts->packets - std::min<std::uint64_t>(counts->packets, seen.timed);
    proof.dropped += counts->dropped - std::min<std::uint64_t>(counts->dropped, seen.lost);
  }
}

std::vector<std::string> ShapingDevices::remove() {
  std::vector<std::string> names;
  for (const Device& device : std::exchange(devices_, {})) names.push_back(device.shape.device);
  return remove_devices(names);
}

}  // namespace blackstart
