#pragma once

// Where time passes: one run from its first preparation to its last lift.

#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/scenario.h"
#include "core/nameserver.h"
#include "fault/compiler.h"

namespace blackstart {

// How the person who started a run is asked to keep a fault that may lock out who sits elsewhere
// (fault/operator_session.h). Both are called on the loop and must not block.
struct Confirmation {
  bool needless = false;  // --i-am-local: never asked
  // The question stands until then; nullopt: no longer. Empty: nobody can be asked, and such a
  // fault is refused.
  std::function<void(std::optional<RunTime> until)> ask{};
  // Whether it was answered since; asked a few times a second while it stands.
  std::function<bool()> answered{};
};

// A fault may lock out the one who asks for it, and nobody can be asked. what() tells what to do.
class LockOut : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

struct RunSetup {
  Scenario scenario;
  RunHeader header;
  std::string out_dir;                // exists; the stack's log goes there
  std::vector<Nameserver> upstreams;  // whom the resolver asks; empty: the namespace's own
  Engine engine{};                    // what impairs packets; preflight has chosen it
  Confirmation confirmation{};

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
// LockOut, netlink::TableTaken where another run is in force, std::system_error and
// std::runtime_error where the machine refuses.
EndEvent run(RunSetup setup);

}  // namespace blackstart
