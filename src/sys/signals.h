#pragma once

// SIGINT, SIGTERM and SIGHUP as something a loop can wait for.

#include <signal.h>

#include <optional>

#include "sys/fd.h"

namespace blackstart {

// While one of these lives, SIGINT, SIGTERM and SIGHUP don't end the process: they are
// blocked and queue up here. The first means "lift everything and report", a second "the same,
// but don't wait for anything". SIGHUP stays ignored where it was ignored (nohup).
//
// Make it before any thread is started, since threads inherit the mask; make one at a time.
// Commands started by Process have an empty mask again. Uses signalfd(2).
class StopSignals {
 public:
  StopSignals();

  // Puts the mask back. A signal that nobody has taken is discarded.
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Readable when take() has something to give. Owned here.
  int fd() const { return fd_.get(); }

  // The next signal's number, or nullopt when none waits. Never blocks.
  std::optional<int> take();

  // How many have been taken: 1 after the first.
  int taken() const { return taken_; }

 private:
  UniqueFd fd_;
  sigset_t before_;
  int taken_ = 0;
};

}  // namespace blackstart
