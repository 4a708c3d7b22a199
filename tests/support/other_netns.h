#pragma once

// A second network namespace for tests and benchmarks.

#include <sched.h>

#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart {

// Another network namespace, without moving into it: NetnsGuard does that.
class OtherNetns {
 public:
  OtherNetns() {
    const UniqueFd home = open_own_netns();
    check("unshare(CLONE_NEWNET)", ::unshare(CLONE_NEWNET));
    fd_ = open_own_netns();
    check("setns(home)", ::setns(home.get(), CLONE_NEWNET));
  }

  const UniqueFd& fd() const { return fd_; }

 private:
  UniqueFd fd_;
};

}  // namespace blackstart
