#pragma once

// What plan shows of the machine: the rules that would be loaded, and what they would hit.

#include "blackstart/scenario.h"
#include "fault/compiler.h"

namespace blackstart::cli {

// The nftables rules as nft prints them, devices, resolver and the addresses of names included,
// to standard output, then those names; nothing is loaded. Ports that only a run knows are shown
// as those it would ask for. Then what the targets match in this namespace now: connections, and
// questions.
void print_preview(const Scenario& scenario, const Engine& engine);

}  // namespace blackstart::cli
