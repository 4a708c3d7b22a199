#pragma once

// The devices that impair packets: an IFB for each combination of `network` faults, with netem at
// its root, or an HTB class where all that is asked is a rate and the kernel has no netem.
// Inert: without rules nothing comes to them.

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "fault/canary.h"
#include "fault/shaping.h"
#include "netlink/qdisc.h"

namespace blackstart {

// How far entries have come on their ramps, 0…1; one that is absent stands at its beginning.
using Progress = std::map<std::uint32_t, double>;

// All functions act in the calling thread's network namespace, which must be the same each
// time. Failures are std::system_error.
class ShapingDevices {
 public:
  // Makes them, with the values at the beginning of every ramp. Throws; then none is left.
  ShapingDevices(std::vector<ShapedClass> classes, bool netem);
  ~ShapingDevices();  // remove(), without a word about failures
  ShapingDevices(const ShapingDevices&) = delete;
  ShapingDevices& operator=(const ShapingDevices&) = delete;

  // Changes in place those whose values move; packets that wait go on waiting as they did.
  void set_progress(const Progress& progress);

  // Times each delay that the entries in force have on netem, with one more canary. Not where
  // there is a rate: what a packet waits for its turn is not the delay that was asked for.
  void send_canaries(std::span<const std::uint32_t> in_force);

  // Adds what the devices that its entry has a part in have counted and measured. One device
  // may stand for several entries: then its packets count for each.
  void add_to(Proof& proof);

  // Removes all of them. Returns what went wrong.
  std::vector<std::string> remove();

 private:
  struct Device {
    ShapedClass shape;
    Impairment now;
    std::unique_ptr<Canary> canary;  // from the first that was sent
  };
  void set(netlink::RouteSocket& route, Device& device, const Impairment& impairment);

  std::vector<Device> devices_;
  bool netem_;
  bool canaries_ = true;  // false: this kernel has no packet sockets
};

}  // namespace blackstart
