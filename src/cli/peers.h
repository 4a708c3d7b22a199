#pragma once

// Whom a fault hits, as people write it on a command line.

#include <string>
#include <vector>

namespace blackstart::cli {

struct Peers {
  std::vector<std::string> names, cidr;  // one of them is empty
  std::string port;                      // a port or a range; empty: all
};

// Each of `texts` is an address, a prefix or a domain name, with a port or a range of ports
// behind a colon or without: "10.0.0.0/8:5432", "[2001:db8::/32]:8000-8100", "*.svc.local".
// Throws CommandError (exit code 2) where names and addresses are mixed or ports differ, since
// a target is a conjunction of what it names.
Peers peers_of(const std::vector<std::string>& texts);

}  // namespace blackstart::cli
