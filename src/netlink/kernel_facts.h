#pragma once

// What this machine can do, found by trying it in a throw-away namespace, never by version.

#include <optional>
#include <string>
#include <vector>

#include "blackstart/fault.h"

namespace blackstart::netlink {

struct KernelFact {
  Needs need = Needs::nothing;
  std::string name;  // "owned tables"
  bool ok = false;
  std::string why;     // not ok: what the kernel said, as a clause: "nft reject: not supported"
  std::string remedy;  // not ok: one command or change that helps
};

struct KernelFacts {
  std::vector<KernelFact> facts;  // one for each need that was asked for, in the order of Needs

  // Whether this process may act on the namespace it is in (CAP_NET_ADMIN there).
  KernelFact host;
  // Whether it can have a sandbox: namespaces of its own, without privilege if need be.
  KernelFact sandbox;

  const KernelFact* find(Needs need) const;
};

// Every need that a kernel should meet.
inline constexpr Needs kKernelNeeds = Needs::owned_tables | Needs::redirect | Needs::egress_hook |
                                      Needs::blackhole | Needs::reject | Needs::sock_destroy |
                                      Needs::cgroup_match;

// Rungs of the ladder of shapers, of which one is enough: tried where they are asked for.
inline constexpr Needs kRungNeeds =
    Needs::rate_limit | Needs::netem | Needs::nft_queue | Needs::compat_queue;

// Tries each of `needs` in a namespace that a forked child makes (a user namespace around it
// where the caller is not root) and that is gone when it returns. A few ms a need; touches
// nothing of the caller's. Call it before the process has threads. Where no namespace can be
// made every fact says why. Never throws for what the machine lacks.
KernelFacts probe_kernel(Needs needs = kKernelNeeds);

}  // namespace blackstart::netlink
