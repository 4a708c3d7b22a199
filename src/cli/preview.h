#pragma once

// What plan shows of the machine: the rules that would be loaded, and what they would hit.

#include "blackstart/scenario.h"

namespace blackstart::cli {

// The nftables rules as nft prints them, devices and resolver included, to standard output.
// Nothing is loaded. Ports that only a run knows are shown as those it would ask for.
void print_kernel_operations(const Scenario& scenario);

// Connections and listening sockets of this namespace that the targets match now.
void print_blast_radius(const Scenario& scenario);

}  // namespace blackstart::cli
