#pragma once

// The machine's own resolvers, out of its resolv.conf.

#include <string_view>
#include <vector>

#include "core/nameserver.h"

namespace blackstart {

// True where the only server is systemd-resolved's stub (127.0.0.53 or .54).
bool is_resolved_stub(const std::vector<Nameserver>& servers);

// Reads /etc/resolv.conf below `root` ("" for the machine's own). Where that names only
// systemd-resolved's stub, whose cache would hide a fault's edges, the servers behind it are
// read from /run/systemd/resolve/resolv.conf if that exists. A missing file reads as empty.
std::vector<Nameserver> machine_nameservers(std::string_view root = "");

}  // namespace blackstart
