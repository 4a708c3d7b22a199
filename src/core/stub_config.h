#pragma once

// What a stub resolver reads before it asks, as text: resolv.conf(5) and hosts(5).

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/time.h"
#include "core/nameserver.h"

namespace blackstart {

// Defaults and bounds are glibc's.
struct StubConfig {
  std::vector<Nameserver> servers;  // at most three; 127.0.0.1 where the file names none
  std::vector<std::string> search;
  std::size_t ndots = 1;
  Duration timeout = std::chrono::seconds{5};  // of one try of one server
  int attempts = 2;                            // rounds through the servers
};

// Unknown lines and options, and servers that are no addresses, are skipped, as resolvers do. A
// keyword that is not at the start of its line is no keyword; servers are asked at port 53.
StubConfig parse_stub_config(std::string_view resolv_conf);

// Lower-case names to the addresses of hosts(5), in the file's order.
using HostTable = std::unordered_map<std::string, std::vector<Address>>;
HostTable parse_host_table(std::string_view hosts);

// The names to ask for, in order, for a name as it was written: by `search` and `ndots`, and a
// trailing dot means that name alone.
std::vector<std::string> names_to_ask(const StubConfig& config, std::string_view name);

}  // namespace blackstart
