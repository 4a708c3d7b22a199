#pragma once

// A rule's expressions as the kernel's virtual machine takes them.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "netlink/message.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

// Says the number of an interface; throws std::system_error where there is none.
using InterfaceIndex = std::function<std::uint32_t(std::string_view name)>;

// A nameless set that a rule brings along, for a match with several values. The kernel names
// it; until then the rule refers to it by `id`, unique within the batch.
struct AnonymousSet {
  std::uint32_t id = 0;
  std::vector<L4> protocols;     // either these
  std::vector<PortRange> ports;  // or these
};

struct RuleMessage {
  std::vector<AnonymousSet> sets;  // to be made before the rule
  Bytes rule;                      // NFT_MSG_NEWRULE, appended to its chain
};

// `next_set_id` is counted up. Throws std::invalid_argument for what no rule can say: a name
// that is too long, an empty list.
RuleMessage rule_message(const Table& table, const Chain& chain, const Rule& rule,
                         std::uint32_t& next_set_id, const InterfaceIndex& interface_index);

}  // namespace blackstart::netlink
