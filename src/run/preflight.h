#pragma once

// A plan's needs against what the machine has: before anything is touched, everything that is
// missing at once, each with its remedy.

#include <string>
#include <vector>

#include "blackstart/fault.h"
#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "netlink/kernel_facts.h"

namespace blackstart {

struct Missing {
  Needs need = Needs::nothing;
  std::string what;    // who needs it: the entry's name, or "where: host"
  std::string why;     // "the kernel has no netdev egress hook"
  std::string remedy;  // what to do about it; may be empty
};

// "the entry: why; remedy", in one line.
std::string to_text(const Missing& missing);

// What all entries together need of the kernel: the argument for netlink::probe_kernel(), so
// that a run tries only what it will use.
Needs needs_of(const Scenario& scenario);

// The one that the scenario asks for, or else the best of those that the facts show; where only
// rates are to be held, nobody is asked to hold packets.
Engine engine_for(const Scenario& scenario, const netlink::KernelFacts& facts);

// Empty: nothing stands in the way. Each reason once, with the first entry that has it. What the
// facts don't speak of is taken to be there. An interface or a cgroup that does not exist is
// found only when preparing, in its namespace.
std::vector<Missing> preflight(const Scenario& scenario, const netlink::KernelFacts& facts);

}  // namespace blackstart
