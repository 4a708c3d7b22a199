#pragma once

// A rule in nft's words.

#include <string>

#include "netlink/ruleset.h"

namespace blackstart::netlink {

// As `nft list` prints it, on one line: what a match brings along is left out (ip daddr …
// without meta nfproto), ports carry the name of the protocol matched before them.
std::string rule_text(Family family, const Rule& rule);

}  // namespace blackstart::netlink
