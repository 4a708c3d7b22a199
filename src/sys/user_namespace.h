#pragma once

// The sandbox: a private network in which a stack may be hurt without any privilege, and
// without anything on the machine being touched.

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "sys/user_namespace_facts.h"

namespace blackstart {

// What programs inside find in /etc. The files of the machine are covered, never changed.
struct SandboxOptions {
  // The whole of /etc/resolv.conf.
  std::string resolv_conf = "nameserver 127.0.0.1\n";

  // Lines added to the machine's /etc/hosts: "10.77.0.10 wallet wallet.example".
  std::vector<std::string> hosts = {};
};

// This machine, or this user, cannot have a sandbox. what() says it in one sentence.
class SandboxError : public std::runtime_error {
 public:
  SandboxError(const std::string& why, std::string remedy)
      : std::runtime_error{why}, remedy_{std::move(remedy)} {}

  // The command or the change that helps.
  const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

// Runs `inside` in a sandbox of its own and returns its exit code: what `inside` returned,
// or 128 + N if signal N ended it. Returns when no process of the sandbox is left.
//
// Inside
//  - user, network, mount and PID namespaces are new. The caller is root there: an ordinary
//    user's own id is mapped to 0 and no other id exists (so programs that refuse to run as
//    root, or change user, refuse); of root, every id stays what it is. Root may therefore
//    make devices, nft tables, namespaces and listen on port 53, all of it in the sandbox only.
//  - the loopback device is up and is the only one. No packet leaves.
//  - /etc/resolv.conf is `resolv_conf`; /etc/nsswitch.conf looks hosts up in "files dns" only,
//    and nscd's socket is covered: otherwise glibc would ask the machine's systemd-resolved
//    through a file-system socket, past the sandbox.
//  - /proc shows the sandbox's processes. Every other file is the machine's; what is written
//    belongs to the caller outside too. The current directory, the environment, open
//    descriptors and the terminal (group, size, Ctrl-C) stay as they are.
//
// Processes
//    caller ── init (PID 1: reaps orphans, passes signals on) ── inside (PID 2) ── the stack
//  - `inside` runs in a forked copy of the caller: what it changes in memory is lost. It ends
//    with _exit after flushing stdio and std::cout: no destructor of the caller runs twice.
//    An exception that leaves it is written to stderr and becomes exit code 1.
//  - SIGINT, SIGTERM, SIGHUP and SIGQUIT that reach the caller reach `inside` exactly once,
//    whether they were sent to the caller alone or, as Ctrl-C is, to the whole process group.
//    They never end the caller before `inside` has ended. The stack's processes get none of
//    them from here.
//  - When `inside` ends, is killed or the caller is killed (SIGKILL included), the kernel
//    kills every process that is left in the sandbox, daemons too, and removes its devices,
//    tables and mounts.
//
// Throws SandboxError, before `inside` has begun, if the sandbox cannot be made. As root,
// where the kernel grants no user namespace, goes on without that one namespace.
//
// Call it before the process starts any thread, from the thread that lives as long as the
// process. Linux ≥ 4.9; in a container it needs what remedy() then says.
int run_in_sandbox(const SandboxOptions& options, const std::function<int()>& inside);

}  // namespace blackstart
