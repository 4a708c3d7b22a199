#include "fault/devices.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <span>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "netlink/link.h"
#include "netlink/qdisc.h"

namespace blackstart {
namespace {

using netlink::RouteSocket;

constexpr std::string_view kPrefix = "bs";
constexpr std::array<std::uint8_t, 5> kMark{'b', 'l', 'a', 'c', 'k'};  // local, unicast

// `black` and the last byte of the device's number. No frame is ever addressed to one of ours, but
// the two ends of a pair must differ: IPv6 looks for a duplicate of its address on the link.
netlink::HardwareAddress own_address(std::string_view name) {
  netlink::HardwareAddress address{};
  std::ranges::copy(kMark, address.begin());
  unsigned number = 0;
  name.remove_prefix(kPrefix.size());
  std::from_chars(name.data(), name.data() + name.size(), number);
  address.back() = static_cast<std::uint8_t>(number);
  return address;
}

void refuse_if_taken(RouteSocket& route, std::string_view name) {
  if (!route.find_link(name)) return;
  const std::string taken{name};
  throw std::runtime_error{"a network device called " + taken +
                           " is here and is not Blackstart's; give it another name (ip link set " +
                           taken + " name …) and try again"};
}

void make_swallowing(RouteSocket& route) {
  make_ifb(route, kSwallowDevice);
  netlink::set_blackhole(route, kSwallowDevice);
  route.set_up(kSwallowDevice);
}

void make_answering(RouteSocket& route) {
  for (const char* name : {kHostAnswerDevice, kPortAnswerDevice}) refuse_if_taken(route, name);
  route.create_veth(kHostAnswerDevice, kPortAnswerDevice, -1, own_address(kHostAnswerDevice),
                    own_address(kPortAnswerDevice));
  route.set_up(kHostAnswerDevice);
  route.set_up(kPortAnswerDevice);
  // The one that was up first has had its carrier since, and may have no queue yet.
  netlink::set_fifo(route, kHostAnswerDevice);
}

}  // namespace

void make_ifb(RouteSocket& route, std::string_view name) {
  refuse_if_taken(route, name);
  route.create(name, "ifb", own_address(name));
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
      if (const auto link = route.find_link(name); link && is_own_device(*link)) route.remove(name);
    } catch (const std::exception& failure) {
      failures.emplace_back(failure.what());
    }
  }
  return failures;
}

void remove_leftovers() {
  RouteSocket route;
  for (const netlink::Link& link : route.links()) {
    // The other end of a pair has gone with the first.
    if (is_own_device(link) && route.find_link(link.name)) route.remove(link.name);
  }
}

std::vector<std::string> other_devices() {
  RouteSocket route;
  std::vector<std::string> names;
  for (const netlink::Link& link : route.links()) {
    if (!is_own_device(link)) names.push_back(link.name);
  }
  return names;
}

bool is_own_device(const netlink::Link& link) {
  std::string_view name = link.name;
  if (!name.starts_with(kPrefix) || !link.hardware) return false;
  name.remove_prefix(kPrefix.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos &&
         std::ranges::equal(std::span{*link.hardware}.first(kMark.size()), kMark);
}

}  // namespace blackstart
