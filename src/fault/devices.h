#pragma once

// The devices that rules send packets to. Inert: without rules nothing comes to them.

#include <string>
#include <string_view>
#include <vector>

#include "fault/compiler.h"
#include "netlink/link.h"

namespace blackstart {

// Those that `compiled` needs, in the calling thread's network namespace. One that a killed run
// has left is used again. Throws std::system_error; then none made here is left.
class OwnDevices {
 public:
  explicit OwnDevices(const CompiledEntries& compiled);
  ~OwnDevices();  // remove(), without a word about failures
  OwnDevices(const OwnDevices&) = delete;
  OwnDevices& operator=(const OwnDevices&) = delete;

  // Removes all of them, in the calling thread's namespace. Returns what went wrong.
  std::vector<std::string> remove();

 private:
  std::vector<std::string> names_;  // one end of the pair stands for both
};

// An IFB of that name, in the calling thread's namespace: a new one, or what a killed run has left.
void make_ifb(netlink::RouteSocket& route, std::string_view name);

// Removes those that are there, in the calling thread's namespace. Returns what went wrong.
std::vector<std::string> remove_devices(const std::vector<std::string>& names);

// Names of all devices of the calling thread's namespace but ours: what chains are bound to.
std::vector<std::string> other_devices();

// "bs" and a number.
bool is_own_device(std::string_view name);

}  // namespace blackstart
