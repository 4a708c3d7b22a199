#pragma once

// Who owns how much, as given on the command line: `--item alice=42.5`, repeatable.

#include <map>
#include <string>

#include "options.h"

namespace wallet {

using Accounts = std::map<std::string, double, std::less<>>;

// Throws std::runtime_error for an item that is not NAME=NUMBER.
Accounts parse_accounts(const Options& options);

}  // namespace wallet
