#pragma once

// What process 1 of a sandbox does: furnish it, then look after it.

#include <sys/types.h>

#include <csignal>

#include "sys/user_namespace.h"

namespace blackstart {

// The signals that a sandbox's caller passes on: SIGINT, SIGTERM, SIGHUP, SIGQUIT.
sigset_t passed_signals();

// How the caller hands one of them to process 1: this signal, the real one as its value. It
// cannot be mistaken for one that was sent to the whole process group.
int passing_signal();

// 0…255, or 128 + the signal that ended the process.
int exit_code_of(int wait_status);

// Covers /etc/resolv.conf and its kin, mounts /proc and brings the loopback up. Runs as
// process 1, with all capabilities in its new namespaces. Throws std::system_error.
void furnish_sandbox(const SandboxOptions& options);

// Reaps every orphan and passes signals on to `inside` until that ends; returns its exit code.
// passed_signals(), passing_signal() and SIGCHLD are blocked.
int look_after(pid_t inside);

}  // namespace blackstart
