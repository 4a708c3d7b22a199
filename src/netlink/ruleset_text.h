#pragma once

// A Ruleset as `nft list ruleset` would print it once it is loaded: what `plan` shows.
//
// It differs from nft's own output in nothing but white space, counts (zero here), what is
// left of a timeout, and the name of the owner.

#include <cstddef>
#include <string>

#include "netlink/rule_text.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

// Of a set with more elements than `elements_max` the first ones are shown, then a comment
// that says how many were left out; zero shows all.
std::string ruleset_text(const Ruleset& ruleset, std::size_t elements_max = 0);

std::string element_text(const SetElement& element);

}  // namespace blackstart::netlink
