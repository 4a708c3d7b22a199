#pragma once

// A Ruleset as the netlink messages that load it. Pure: the caller says which number an
// interface has, and sends the result.

#include <string>
#include <vector>

#include "netlink/message.h"
#include "netlink/rule_messages.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

// One message of a batch, without its sequence number, and what it does: "rule 2 of chain
// out". The kernel refuses single messages, so errors can say which.
struct BatchMessage {
  Bytes bytes;
  std::string what;
};

// `chains` must be one transaction; `sets` comes before it and may be several, since nothing
// acts on a packet until there are chains.
struct RulesetMessages {
  std::vector<BatchMessage> sets;    // tables, counters, sets and their elements
  std::vector<BatchMessage> chains;  // chains, anonymous sets, rules
};

// Throws std::invalid_argument for what no message can say, and what `interface_index` throws.
RulesetMessages ruleset_messages(const Ruleset& ruleset, const InterfaceIndex& interface_index);

// The messages that add chains with their rules to a table that is loaded.
std::vector<BatchMessage> chain_messages(Family family, const std::string& table,
                                         const std::vector<Chain>& chains,
                                         const InterfaceIndex& interface_index);

Bytes delete_table_message(Family family, const std::string& name);

}  // namespace blackstart::netlink
