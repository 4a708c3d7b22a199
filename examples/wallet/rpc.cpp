// A provider: answers for the chain out of its database in one cloud region, which it finds by
// the region's well-known name, anew for every request.

#include <nlohmann/json.hpp>

#include "fetch.h"
#include "roles.h"
#include "service.h"

namespace wallet {
namespace {

constexpr std::chrono::milliseconds kPatience{400};
constexpr std::uint16_t kDatabasePort = 8000;

struct Upstreams {
  HostPort database, ledger;
};

Answer balance_of(const std::string& owner, const Upstreams& upstreams) {
  const Fetched item = fetch(upstreams.database, "/item/" + owner, kPatience);
  if (!item.ok()) return unavailable(item.error);
  const Fetched head = fetch(upstreams.ledger, "/head", kPatience);
  if (!head.ok()) return unavailable(head.error);

  const auto value = nlohmann::json::parse(item.body, nullptr, false);
  const auto block = nlohmann::json::parse(head.body, nullptr, false);
  if (!value.contains("value") || !block.contains("head")) return unavailable("broken answer");
  return {200, nlohmann::json{{"balance", value["value"]}, {"head", block["head"]}}.dump()};
}

}  // namespace

int run_rpc(const Options& options) {
  const Upstreams upstreams{
      .database = {"dynamodb." + options.need("region") + ".amazonaws.com", kDatabasePort},
      .ledger = parse_host_port(options.need("ledger"))};
  Service service{"rpc " + options.need("region")};
  service.get("/balance/([^/]+)",
              [&upstreams](const std::string& owner) { return balance_of(owner, upstreams); });
  // Unlike /healthz: can it do its work?
  service.get("/readyz", [&upstreams](const std::string&) {
    const Fetched database = fetch(upstreams.database, "/healthz", kPatience);
    return database.ok() ? Answer{200, R"({"status": "ready"})"} : unavailable(database.error);
  });
  return service.serve(parse_host_port(options.need("listen")));
}

}  // namespace wallet
