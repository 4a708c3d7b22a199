#pragma once

// One trial for each thing that a fault needs of the kernel, done the way the engine will do it.
// Each throws what went wrong. Only for a throw-away network namespace of the calling thread.

#include <string>

namespace blackstart::netlink {

void try_owned_tables();
void try_redirect();
void try_egress_hook();
void try_blackhole();
void try_reject();
void try_sock_destroy();
void try_cgroup_match();
void try_rate_limit();
void try_netem();  // several at once, and each feature; says which are lacking
void try_nft_queue();
void try_compat_queue();

// What cannot be tried. Linux before 6.10 warns, once, where a process dies that holds packets of
// a queue (nf_reinject(); mended by its commit 631a4b3ddc78): whether the machine would go down
// with it, by its `uname -r` and the text of its sysctl kernel.panic_on_warn.
bool dies_of_a_killed_queue(const std::string& release, const std::string& panic_on_warn);

}  // namespace blackstart::netlink
