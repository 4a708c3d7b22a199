#pragma once

// Network namespaces: finding one and stepping into it.

#include "sys/fd.h"

namespace blackstart {

// Opens /proc/thread-self/ns/net.
UniqueFd open_own_netns();

// By a name that `ip netns` knows (/run/netns), or by a path.
UniqueFd open_netns(const std::string& name_or_path);
UniqueFd open_netns_of(int pid);

// Moves the calling thread into another network namespace for one scope.
//
// setns(2) moves the thread, not the process. Nothing that could resume elsewhere, such as
// a coroutine or a pooled task, may run inside. Open the sockets you need and leave: a
// socket stays in the namespace it was born in.
class NetnsGuard {
 public:
  explicit NetnsGuard(const UniqueFd& target);

  // If we cannot get home, later faults would land on the wrong hosts: aborts instead.
  ~NetnsGuard();

  NetnsGuard(const NetnsGuard&) = delete;
  NetnsGuard& operator=(const NetnsGuard&) = delete;

 private:
  UniqueFd home_;
};

}  // namespace blackstart
