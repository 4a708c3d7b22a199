#pragma once

// Network namespaces: finding one and stepping into it.

#include <optional>
#include <string>

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

// The calling thread is in `netns` for this object's life; without one it stays where it is.
class MaybeInNetns {
 public:
  explicit MaybeInNetns(const UniqueFd& netns) {
    if (netns) guard_.emplace(netns);
  }

 private:
  std::optional<NetnsGuard> guard_;
};

}  // namespace blackstart
