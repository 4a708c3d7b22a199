#pragma once

// The devices that impair packets: an IFB for each combination of `network` faults, with netem at
// its root, or an HTB class where all that is asked is a rate and the kernel has no netem.
// Inert: without rules nothing comes to them.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "fault/shaping.h"
#include "netlink/qdisc.h"

namespace blackstart {

// How far entries have come on their ramps, 0…1; one that is absent stands at its beginning.
using Progress = std::map<std::uint32_t, double>;

// All functions act in the calling thread's network namespace, which must be the same each
// time. Failures are std::system_error.
class ShapingDevices {
 public:
  // Makes them, with the values at the beginning of every ramp. Throws; then none is left. A
  // device that a killed run has left is used again.
  ShapingDevices(std::vector<ShapedClass> classes, bool netem);
  ~ShapingDevices();  // remove(), without a word about failures
  ShapingDevices(const ShapingDevices&) = delete;
  ShapingDevices& operator=(const ShapingDevices&) = delete;

  // Changes in place those whose values move; packets that wait go on waiting as they did.
  void set_progress(const Progress& progress);

  // What the devices that the entry has a part in have counted, added up. One device may
  // stand for several entries: then its packets count for each.
  struct Counts {
    std::uint64_t passed = 0, dropped = 0;
  };
  Counts counts(std::uint32_t entry) const;

  // Removes all of them. Returns what went wrong.
  std::vector<std::string> remove();

 private:
  struct Device {
    ShapedClass shape;
    Impairment now;
  };
  void set(netlink::RouteSocket& route, Device& device, const Impairment& impairment);

  std::vector<Device> devices_;
  bool netem_;
};

}  // namespace blackstart
