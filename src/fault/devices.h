#pragma once

// The devices that rules send packets to. Inert: without rules nothing comes to them.
//
// Ours are called `bs` and a number and bear a hardware address that begins with "black"
// (62:6c:61:63:6b): it is given when they are made, so none is ever there without it, and a
// killed run's can be told from anybody else's. Whoever makes any must hold the tables of the
// namespace (NftOwner), since those there may otherwise be another run's.

#include <string>
#include <string_view>
#include <vector>

#include "fault/compiler.h"
#include "netlink/link.h"

namespace blackstart {

// Those that `compiled` needs, in the calling thread's network namespace. Throws
// std::runtime_error; then none made here is left.
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

// An IFB of that name, in the calling thread's namespace. Throws std::runtime_error where the name
// is taken by somebody else's device.
void make_ifb(netlink::RouteSocket& route, std::string_view name);

// Removes those of them that are there and ours, in the calling thread's namespace. Returns what
// went wrong.
std::vector<std::string> remove_devices(const std::vector<std::string>& names);

// Removes every device of ours from the calling thread's namespace: what killed runs have left,
// whether this run would need the like of it or not. Throws std::system_error.
void remove_leftovers();

// Names of all devices of the calling thread's namespace but ours: what chains are bound to.
std::vector<std::string> other_devices();

bool is_own_device(const netlink::Link& link);

}  // namespace blackstart
