#pragma once

// Waits for a stack to become ready.

#include <functional>
#include <memory>
#include <string>

#include "blackstart/scenario.h"

namespace blackstart {

class ProbeHost;

// Asks the stack's `ready` probe until it answers well, or `ready_within` is over. A stack
// without such a probe is ready at once. `done` is called once, later, on the loop's thread:
// with an empty text when ready, else with the last reason. Destroying it stops asking.
class Readiness {
 public:
  // `host` and `stack` must outlive it.
  Readiness(ProbeHost& host, const Stack& stack, std::function<void(const std::string&)> done);
  ~Readiness();

 private:
  struct Waiting;
  std::shared_ptr<Waiting> waiting_;
};

}  // namespace blackstart
