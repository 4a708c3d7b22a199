#pragma once

// What carries out each fault on this machine, and in what it differs from the network that it
// plays: for plan.

#include <cstdint>
#include <string>
#include <vector>

#include "fault/compiler.h"

namespace blackstart {

struct Fidelity {
  std::string engine;             // "netem", "nfqueue and htb", "nftables", "resolver"
  std::vector<std::string> lost;  // one sentence each, without a full stop; empty: nothing
};

// Of an entry of `compiled`, whose target is `target`. Pure.
Fidelity fidelity(const CompiledEntries& compiled, std::uint32_t entry, const Target& target);

}  // namespace blackstart
