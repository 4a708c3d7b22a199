#pragma once

// The machine's own resolvers, out of resolv.conf(5).

#include <string_view>
#include <vector>

#include "serve/nameserver.h"

namespace blackstart {

// The `nameserver` lines in their order, port 53; lines that name no address are skipped, as
// glibc skips them. glibc heeds the first three only (MAXNS), and so do we. Text without a single
// one means 127.0.0.1, as resolv.conf(5) says.
std::vector<Nameserver> nameservers_in(std::string_view resolv_conf);

// True where the only server is systemd-resolved's stub (127.0.0.53 or .54).
bool is_resolved_stub(const std::vector<Nameserver>& servers);

// Reads /etc/resolv.conf below `root` ("" for the machine's own). Where that names only
// systemd-resolved's stub, whose cache would hide a fault's edges, the servers behind it are
// read from /run/systemd/resolve/resolv.conf if that exists. A missing file reads as empty.
std::vector<Nameserver> machine_nameservers(std::string_view root = "");

}  // namespace blackstart
