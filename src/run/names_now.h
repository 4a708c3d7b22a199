#pragma once

// What names stand for where a scenario acts.

#include <map>
#include <set>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/scenario.h"
#include "core/nameserver.h"
#include "fault/compiler.h"
#include "fault/start_lookup.h"
#include "netlink/ruleset.h"
#include "run/place.h"

namespace blackstart {

// Its hosts(5); empty where that can't be read.
KnownHosts hosts_of(const Place& place);

struct NamesNow {
  StartLookup lookup;                                   // of all places together
  std::map<std::uint32_t, std::set<Address>> by_entry;  // of the timeline
};

// For plan: looks up every name that rules match on, as a run would when it prepares, and puts
// the addresses into `ruleset`. `upstreams` as in RunSetup. Changes nothing on the machine. A
// place that cannot be opened is a warning.
NamesNow look_up_names_now(const Scenario& scenario, const CompiledEntries& compiled,
                           const std::vector<Nameserver>& upstreams, netlink::Ruleset& ruleset);

}  // namespace blackstart
