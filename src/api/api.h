#pragma once

// Toxiproxy's API, from a request to its answer: routes, bodies, statuses and texts of version
// 2.12. Ours beside them live under /blackstart/.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/http_message.h"
#include "api/leases.h"
#include "blackstart/random.h"
#include "blackstart/time.h"
#include "serve/proxies.h"

namespace blackstart::api {

struct AskedProxy;

struct ApiOptions {
  bool proxy_metrics = false, runtime_metrics = false;
  bool host_check = true;         // refuse what a web page may have sent
  std::string own_name{};         // that a Host may have besides localhost
  std::uint64_t request_ids = 0;  // what their sequence begins with
};

// Holds no sockets and reads the time through `clock`. For one thread at a time.
class Api {
 public:
  // Both must outlive it.
  Api(Proxies& proxies, const Clock& clock, ApiOptions options);

  HttpAnswer handle(const HttpRequest& request);

  // What a config file holds, and the body of /populate. Throws ApiError where it is neither.
  Proxies::Populated populate(std::string_view body);

  // Removes what has a lease that is over.
  void expire();
  // Whether it holds toxics by its connection.
  bool is_holder(std::uint64_t client) const { return !leases_.held_by(client).empty(); }
  // Removes what a client held whose connection has ended.
  void let_go(std::uint64_t client);
  std::optional<RunTime> next_expiry() const { return leases_.next_deadline(); }

 private:
  struct Call {
    const HttpRequest& request;
    std::vector<std::string> names;  // of the proxy, and of the toxic
  };
  struct Route;

  HttpAnswer routed(const HttpRequest& request);
  HttpAnswer matched(const Route& route, const Call& call);
  bool has_metrics() const { return options_.proxy_metrics || options_.runtime_metrics; }
  std::string request_id();

  HttpAnswer version(const Call& call);
  HttpAnswer list_proxies(const Call& call);
  HttpAnswer create_proxy(const Call& call);
  HttpAnswer create_proxies(const Call& call);
  HttpAnswer show_proxy(const Call& call);
  HttpAnswer update_proxy(const Call& call);
  HttpAnswer delete_proxy(const Call& call);
  HttpAnswer list_toxics(const Call& call);
  HttpAnswer create_toxic(const Call& call);
  HttpAnswer show_toxic(const Call& call);
  HttpAnswer update_toxic(const Call& call);
  HttpAnswer delete_toxic(const Call& call);
  HttpAnswer reset(const Call& call);
  HttpAnswer metrics(const Call& call);
  HttpAnswer connections(const Call& call);
  HttpAnswer leases(const Call& call);
  HttpAnswer hold(const Call& call);
  HttpAnswer renew_held(const Call& call);
  HttpAnswer held(const Call& call);

  bool remove(const Leases::Held& held);  // false: it had gone already
  std::string held_by(std::uint64_t client) const;
  void lease(const AskedProxy& asked);
  void lease(const std::string& proxy, const std::string& toxic, std::optional<Duration> ttl);

  Proxies& proxies_;
  const Clock& clock_;
  ApiOptions options_;
  Leases leases_;
  Rng ids_;
};

}  // namespace blackstart::api
