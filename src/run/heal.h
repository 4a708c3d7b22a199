#pragma once

// What is in force on this machine now, and lifting it. There is no state file: the kernel's
// own lists are read.

#include <cstdint>
#include <string>
#include <vector>

#include "blackstart/time.h"

namespace blackstart {

// Something of ours in one network namespace, or a run that has nothing in any.
struct InForce {
  std::string where;                 // "this namespace", "netns web", "pid 4711"; "": in none
  int pid = 0;                       // whose it is; 0: unknown
  std::string command;               // its command line
  std::vector<std::string> tables;   // "inet blackstart"
  std::vector<std::string> devices;  // bs0…
};

// How far to look: the caller's namespace only, or also those that `ip netns` knows and those
// of all processes, and runs that have nothing in the kernel, such as those that act on proxies of
// an API alone. Namespaces and processes that the caller may not look into are left out.
enum class Reach : std::uint8_t { this_namespace, machine };

std::vector<InForce> status(Reach reach = Reach::machine);

struct Healed {
  std::vector<std::string> done;     // "ended run of pid 4711 (blackstart run …)"
  std::vector<std::string> remains;  // what could not be lifted, and why; then exit 9
};

// Ends the runs (SIGTERM: they lift and report; SIGKILL after `grace`: the kernel lifts) and
// removes devices that a killed run has left. A table whose owner is not a process of this program
// is left alone and reported.
Healed heal(Duration grace, Reach reach = Reach::machine);

}  // namespace blackstart
