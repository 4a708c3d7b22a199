#pragma once

// Where time passes: one run from its first preparation to its last lift.

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/scenario.h"
#include "core/nameserver.h"
#include "fault/compiler.h"

namespace blackstart {

struct RunSetup {
  Scenario scenario;
  RunHeader header;
  std::string out_dir;                // exists; the stack's log goes there
  std::vector<Nameserver> upstreams;  // whom the resolver asks; empty: the namespace's own
  Engine engine{};                    // what impairs packets; preflight has chosen it

  // Every event in the order in which it happened, the header first. May throw
  // std::system_error (a full disk): then everything is lifted and the run ends.
  std::function<void(const RunEvent&)> record;

  // A few times a second, for a live view; may be empty. Must not block.
  std::function<void(RunTime now)> tick;
};

// Runs the scenario in the calling thread and returns how it ended; the same EndEvent is the
// last thing that is recorded. Whatever happens, every fault is lifted first. SIGINT, SIGTERM
// and SIGHUP end the run in order while it lasts.
//
// Throws, with nothing in force and nothing left behind, what preparing throws:
// netlink::TableTaken where another run is in force, std::system_error and
// std::runtime_error where the machine refuses.
EndEvent run(RunSetup setup);

}  // namespace blackstart
