#pragma once

// The roles of the wallet example, each a process: `blackstart-wallet ROLE --option value …`.

#include "options.h"

namespace wallet {

// Each runs until it is told to end (SIGTERM) and returns an exit code. They throw
// std::runtime_error for options that make no sense and std::system_error for a system that
// refuses.
int run_kv(const Options& options);      // the database
int run_ledger(const Options& options);  // the chain: the truth
int run_rpc(const Options& options);     // a provider in one region
int run_wallet(const Options& options);  // what people look at
int run_zone(const Options& options);    // the world's name server
int run_stack(const Options& options);   // all of the above, each in a network of its own

}  // namespace wallet
