#pragma once

// What the names of packet faults stand for when a run begins.

#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/time.h"
#include "fault/follower.h"
#include "fault/resolver.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

// Names of hosts(5), whom nobody asks for by DNS, with an address each.
using KnownHosts = std::vector<std::pair<std::string, Address>>;

// As long as glibc waits for a server.
inline constexpr Duration kLookupPatience = std::chrono::seconds{5};

struct StartLookup {
  std::map<std::string, std::set<Address>> found;  // by name, as the targets and hosts(5) say it
  std::vector<std::string> warnings;               // what is not known, and why
};

// Tells `follower` of `hosts` and asks the upstreams of `resolver`, whose answers must pass the
// follower, for A and AAAA of every exact name. Runs `io` until all have answered or patience is
// over. Throws what handlers of `io` throw.
StartLookup look_up_names(boost::asio::io_context& io, const Clock& clock, Resolver& resolver,
                          Follower& follower, const std::vector<FollowedEntry>& followed,
                          const KnownHosts& hosts);

}  // namespace blackstart
