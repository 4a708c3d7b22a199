#pragma once

// A target as what rules match on.

#include <optional>
#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "fault/cgroup.h"
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

// The sets of an entry. set_v4 and set_v6 are made where a target has several prefixes of a
// family; those of followed addresses, which are empty when loaded, where it has `names`.
struct SelectorNames {
  std::string set_v4, set_v6;

  // "entry_3" → "entry_3_v4", …: the names that followed_entries() (follower.h) looks for.
  static SelectorNames of(const std::string& counter) { return {counter + "_v4", counter + "_v6"}; }
  std::string followed(bool v6) const { return (v6 ? set_v6 : set_v4) + "_followed"; }
};

// The matches that select packets to (destination) or from (source) the target: one list a
// rule, and packets that any list matches are selected; no packet matches two. Empty: the part
// has no packets. `process`: with the match on the target's uid or cgroup.
std::vector<Matches> selections(const Target& target, const SelectorNames& names,
                                netlink::Side side, L4Part part, bool process,
                                const std::optional<CgroupId>& cgroup);

// The sets that selections() speaks of: those of every table whose rules have its matches must
// be there. A caller that compiles `names` need do no more: the addresses come from the Follower.
std::vector<netlink::Set> selector_sets(const Target& target, const SelectorNames& names);

// Whether the target picks packets by the process behind them.
// Why a fault that acts on packets refuses a target that is a proxy of an API.
inline constexpr const char* kOnlyToxics =
    "its target is a proxy of an API, on which toxics act and nothing else; use a `proxy` fault";

inline bool by_process(const Target& target) { return target.uid || !target.cgroup.empty(); }

// Whether what arrives is never known to be for it: by what process and over which device it will
// go on is not decided yet.
inline bool of_local_senders(const Target& target) {
  return by_process(target) || !target.interface.empty();
}

}  // namespace blackstart
