#pragma once

// The proxies of a timeline: connections that rules redirect here go on to where they were going,
// with the toxics of their entry while it is in force.
//
// What they carry ends with them, or with the process: while the rules are there, at once; without
// them, for want of NAT, when the application sends again.

#include <cstdint>
#include <span>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/random.h"
#include "fault/compiler.h"
#include "serve/proxy_engine.h"

namespace blackstart {

// Not thread-safe. Failures are std::runtime_error.
class ToxicProxies {
 public:
  // A listener for each, of both families, on a port of the kernel's choice; in the namespace that
  // the calling thread is in. `mark` is on all that is sent.
  ToxicProxies(const std::vector<ProxiedEntry>& entries, std::uint32_t mark, RunSeed seed);

  ProxyPorts ports() const;

  // Entries that come on: before their rules do, so that no connection goes without.
  void add_toxics(std::span<const std::uint32_t> in_force);
  // Entries that have gone: what their toxics hold flows, or ends where they have lost bytes.
  void remove_toxics(std::span<const std::uint32_t> in_force);

  // Of an entry whose packets, as counted, are the first of each connection.
  void add_to(Proof& proof) const;

 private:
  struct Proxy {
    ProxiedEntry entry;
    std::uint16_t port = 0;
    ProxyEngine::FrontId front = 0;
    bool on = false;
  };
  void switch_toxics(std::span<const std::uint32_t> in_force, bool on);

  std::vector<Proxy> proxies_;
  ProxyEngine engine_;
};

}  // namespace blackstart
