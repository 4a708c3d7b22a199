#include "accounts.h"

#include <charconv>
#include <stdexcept>

namespace wallet {

Accounts parse_accounts(const Options& options) {
  Accounts accounts;
  for (const std::string& item : options.all("item")) {
    const std::size_t equals = item.find('=');
    double amount = 0;
    const char* end = item.data() + item.size();
    if (equals == std::string::npos ||
        std::from_chars(item.data() + equals + 1, end, amount).ptr != end) {
      throw std::runtime_error{"--item " + item + " is not NAME=NUMBER"};
    }
    accounts[item.substr(0, equals)] = amount;
  }
  return accounts;
}

}  // namespace wallet
