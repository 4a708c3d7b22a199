// The chain: knows every balance and its own height, and looks nobody up to say so.

#include <chrono>
#include <nlohmann/json.hpp>

#include "accounts.h"
#include "roles.h"
#include "service.h"

namespace wallet {
namespace {

constexpr std::uint64_t kFirstBlock = 23'617'000;
constexpr std::chrono::seconds kBlockTime{2};

}  // namespace

int run_ledger(const Options& options) {
  const Accounts accounts = parse_accounts(options);
  const auto started = std::chrono::steady_clock::now();
  const auto head = [started] {
    const auto blocks = (std::chrono::steady_clock::now() - started) / kBlockTime;
    return kFirstBlock + static_cast<std::uint64_t>(blocks);
  };

  Service service{"ledger"};
  service.get("/head", [head](const std::string&) {
    return Answer{200, nlohmann::json{{"head", head()}}.dump()};
  });
  service.get("/balance/([^/]+)", [&accounts, head](const std::string& owner) {
    const auto found = accounts.find(owner);
    const double balance = found == accounts.end() ? 0.0 : found->second;
    return Answer{200, nlohmann::json{{"balance", balance}, {"head", head()}}.dump()};
  });
  return service.serve(parse_host_port(options.need("listen")));
}

}  // namespace wallet
