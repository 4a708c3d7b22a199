#pragma once

// The queues that impair packets where the kernel has no netem: one for each combination of
// `network` faults, all served by one thread.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/random.h"
#include "fault/packet_shaper.h"
#include "fault/shaping.h"
#include "fault/shaping_devices.h"

namespace blackstart {

class ShapingQueues {
 public:
  // In the calling thread's namespace, with the values at the beginning of every ramp; rules may
  // send packets there once it returns. What it draws comes from `seed` and the class's entries.
  ShapingQueues(std::vector<ShapedClass> classes, std::uint32_t copies_mark, RunSeed seed);

  // Packets that wait keep their instants. Throws std::runtime_error when the thread has failed.
  void set_progress(const Progress& progress);

  // Adds what became of the packets of the classes that the entry has a part in.
  void add_to(Proof& proof) const;

 private:
  void set(const ShapedClass& one, const Impairment& impairment);

  std::vector<ShapedClass> classes_;
  std::map<std::uint16_t, Impairment> now_;
  RunSeed seed_;
  PacketShaper shaper_;
};

}  // namespace blackstart
