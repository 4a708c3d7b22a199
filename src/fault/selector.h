#pragma once

// A target as what rules match on.

#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "netlink/expressions.h"
#include "netlink/ruleset.h"

namespace blackstart {

using Matches = std::vector<netlink::Expression>;

// Which part of the selected packets a rule is for.
enum class L4Part : std::uint8_t {
  all,
  tcp,
  rest  // whatever a rule for `tcp` before it has left
};

// The sets of an entry, made where a target has several prefixes of a family.
struct SelectorNames {
  std::string set_v4, set_v6;
};

// The matches that select packets to (destination) or from (source) the target: one list a
// rule, and packets that any list matches are selected; no packet matches two. Empty: the part
// has no packets. `process`: with the match on the target's uid or cgroup.
std::vector<Matches> selections(const Target& target, const SelectorNames& names,
                                netlink::Side side, L4Part part, bool process,
                                const std::optional<CgroupId>& cgroup);

// The sets that selections() speaks of.
std::vector<netlink::Set> selector_sets(const Target& target, const SelectorNames& names);

// Whether the target picks packets by the process behind them.
inline bool by_process(const Target& target) { return target.uid || !target.cgroup.empty(); }

}  // namespace blackstart
