// The database: small items by key. Healthy all the time; what fails in front of it is its name.

#include <nlohmann/json.hpp>

#include "accounts.h"
#include "roles.h"
#include "service.h"

namespace wallet {

int run_kv(const Options& options) {
  const Accounts items = parse_accounts(options);
  Service service{"kv"};
  service.get("/item/([^/]+)", [&items](const std::string& key) {
    const auto found = items.find(key);
    if (found == items.end()) return Answer{404, R"({"error": "no such item"})"};
    return Answer{200, nlohmann::json{{"value", found->second}}.dump()};
  });
  return service.serve(parse_host_port(options.need("listen")));
}

}  // namespace wallet
