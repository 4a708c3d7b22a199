#pragma once

#include <sched.h>

namespace blackstart {

// While it lives the calling thread, and what it starts, runs before all other work, where that is
// permitted: for what leaves the processors idle or has one for itself. On one processor that goes
// for ksoftirqd too, so let it end now and then. Not one within another.
class Ahead {
 public:
  Ahead() { run(SCHED_FIFO, 1); }
  ~Ahead() { run(SCHED_OTHER, 0); }
  Ahead(const Ahead&) = delete;
  Ahead& operator=(const Ahead&) = delete;

 private:
  static void run(int policy, int priority) {
    const sched_param param{.sched_priority = priority};
    ::sched_setscheduler(0, policy, &param);
  }
};

}  // namespace blackstart
