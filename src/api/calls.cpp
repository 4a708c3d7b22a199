// What each route does.

#include <algorithm>
#include <utility>

#include "api/answers.h"
#include "api/api.h"
#include "api/api_error.h"
#include "api/metrics.h"
#include "api/requests.h"
#include "api/status.h"
#include "core/version.h"
#include "sys/log.h"
#include "sys/process_usage.h"

namespace blackstart::api {
namespace {

constexpr auto kJson = "application/json";

HttpAnswer json_answer(int status, std::string body) {
  return {status, kJson, std::move(body), {}};
}

HttpAnswer no_content() { return {204, "", "", {}}; }

// Where it is, to tell whether a populate has replaced it.
using Place = std::pair<std::string, std::string>;

std::optional<Place> place_of(const Proxies& proxies, const std::string& name) {
  try {
    const ProxyState proxy = proxies.get(name);
    return Place{proxy.listen, proxy.upstream};
  } catch (const ProxyError&) {
    return std::nullopt;
  }
}

}  // namespace

int status_of(const std::exception& error) {
  if (const auto* api = dynamic_cast<const ApiError*>(&error)) return api->status();
  const auto* proxy = dynamic_cast<const ProxyError*>(&error);
  if (proxy == nullptr) return 500;
  switch (proxy->kind()) {
    case ProxyError::Kind::no_proxy:
    case ProxyError::Kind::no_toxic:
      return 404;
    case ProxyError::Kind::proxy_exists:
    case ProxyError::Kind::toxic_exists:
      return 409;
    case ProxyError::Kind::unusable_listen:
      break;
  }
  return 500;
}

Api::Api(Proxies& proxies, const Clock& clock, ApiOptions options)
    : proxies_{proxies}, clock_{clock}, options_{std::move(options)}, ids_{options_.request_ids} {}

HttpAnswer Api::version(const Call&) {
  return {200,
          "application/json;charset=utf-8",
          "{\"version\": \"" + std::string{kToxiproxyVersion} + "\"}\n",
          {}};
}

HttpAnswer Api::list_proxies(const Call&) { return json_answer(200, proxies_json(proxies_.all())); }

HttpAnswer Api::create_proxy(const Call& call) {
  const AskedProxy asked = read_proxy(call.request.body);
  const ProxyState made = proxies_.create(asked.state);
  leases_.forget_all_of(made.name);
  lease(asked);
  return json_answer(201, to_json(made));
}

HttpAnswer Api::create_proxies(const Call& call) {
  Proxies::Populated result;
  int status = 0;
  std::string text;
  try {
    result = populate(call.request.body);
    if (result.failure) throw *result.failure;
  } catch (const std::exception& error) {
    status = status_of(error);
    text = error.what();
  }
  return json_answer(status == 0 ? 201 : status, populated_json(result.done, status, text));
}

Proxies::Populated Api::populate(std::string_view body) {
  const std::vector<AskedProxy> asked = read_populate(body);
  std::vector<ProxyState> states;
  std::vector<std::optional<Place>> before;
  for (const AskedProxy& one : asked) {
    states.push_back(one.state);
    before.push_back(place_of(proxies_, one.state.name));
  }
  Proxies::Populated result = proxies_.populate(states);
  for (std::size_t i = 0; i < result.done.size(); ++i) {
    const ProxyState& done = result.done[i];
    if (before[i] != Place{done.listen, done.upstream}) leases_.forget_all_of(done.name);
    lease(asked[i]);
  }
  return result;
}

HttpAnswer Api::show_proxy(const Call& call) {
  return json_answer(200, to_json(proxies_.get(call.names[0])));
}

HttpAnswer Api::update_proxy(const Call& call) {
  const std::string& name = call.names[0];
  (void)proxies_.get(name);  // an unknown name counts before a wrong body
  const AskedProxyChange asked = read_proxy_change(call.request.body);
  const ProxyState changed = proxies_.update(name, asked.change);
  if (asked.ttl) lease(name, "", asked.ttl);
  return json_answer(200, to_json(changed));
}

HttpAnswer Api::delete_proxy(const Call& call) {
  proxies_.remove(call.names[0]);
  leases_.forget_all_of(call.names[0]);
  return no_content();
}

HttpAnswer Api::list_toxics(const Call& call) {
  return json_answer(200, toxics_json(proxies_.get(call.names[0]).toxics));
}

HttpAnswer Api::create_toxic(const Call& call) {
  const ProxyState proxy = proxies_.get(call.names[0]);
  const AskedToxic asked = read_toxic(call.request.body, proxy.toxics);
  const toxic::Toxic made = proxies_.add_toxic(proxy.name, asked.toxic);
  leases_.forget({proxy.name, made.name});
  lease(proxy.name, made.name, asked.ttl);
  return json_answer(200, to_json(made));
}

HttpAnswer Api::show_toxic(const Call& call) {
  return json_answer(200, to_json(proxies_.get_toxic(call.names[0], call.names[1])));
}

HttpAnswer Api::update_toxic(const Call& call) {
  const auto& [proxy, name] = std::tie(call.names[0], call.names[1]);
  const toxic::Toxic present = proxies_.get_toxic(proxy, name);
  const AskedToxicChange asked = read_toxic_change(call.request.body, *present.kind);
  const toxic::Toxic changed = proxies_.update_toxic(proxy, name, asked.change);
  lease(proxy, name, asked.ttl);
  return json_answer(200, to_json(changed));
}

HttpAnswer Api::delete_toxic(const Call& call) {
  proxies_.remove_toxic(call.names[0], call.names[1]);
  leases_.forget({call.names[0], call.names[1]});
  return no_content();
}

HttpAnswer Api::reset(const Call&) {
  proxies_.reset();
  leases_.forget_toxics();
  return no_content();
}

HttpAnswer Api::metrics(const Call&) {
  std::string page;
  if (options_.runtime_metrics) page += process_metrics(process_usage());
  page += handler_metrics();
  if (options_.proxy_metrics) page += proxy_metrics(proxies_.traffic());
  return {200, "text/plain; version=0.0.4; charset=utf-8", std::move(page), {}};
}

HttpAnswer Api::connections(const Call&) {
  return json_answer(200, connections_json(proxies_.connections()));
}

HttpAnswer Api::leases(const Call&) { return json_answer(200, leases_json(leases_, clock_.now())); }

// First what is new, so that no connection goes without what replaces something. All or nothing.
HttpAnswer Api::hold(const Call& call) {
  const std::uint64_t client = call.request.client;
  const AskedHold asked = read_hold(call.request.body);
  const std::vector<Leases::Held> before = leases_.held_by(client);
  std::vector<Leases::Held> all, added;
  try {
    for (const AskedHold::Toxic& one : asked.toxics) {
      const Leases::Held& held = all.emplace_back(Leases::Held{one.proxy, one.toxic.name});
      if (std::ranges::find(before, held) != before.end()) continue;
      proxies_.add_toxic(one.proxy, one.toxic);
      added.push_back(held);
    }
  } catch (const ProxyError& failure) {
    for (const Leases::Held& held : added) remove(held);
    throw ApiError{status_of(failure), all.back().proxy + ": " + failure.what()};
  }
  for (const Leases::Held& held : before) {
    if (std::ranges::find(all, held) == all.end()) remove(held);
  }
  leases_.hold(client, all, asked.ttl, clock_.now());
  return json_answer(200, held_by(client));
}

HttpAnswer Api::renew_held(const Call& call) {
  leases_.renew_held(call.request.client, clock_.now());
  return held(call);
}

HttpAnswer Api::held(const Call& call) { return json_answer(200, held_by(call.request.client)); }

std::string Api::held_by(std::uint64_t client) const {
  return held_json(leases_.held_by(client), proxies_.totals());
}

void Api::let_go(std::uint64_t client) {
  for (const Leases::Held& held : leases_.held_by(client)) {
    if (remove(held)) log_info("its client is gone: " + held.proxy + " " + held.toxic);
  }
}

bool Api::remove(const Leases::Held& held) {
  leases_.forget(held);
  try {
    if (held.toxic.empty()) {
      proxies_.remove(held.proxy);
      leases_.forget_all_of(held.proxy);
    } else {
      proxies_.remove_toxic(held.proxy, held.toxic);
    }
    return true;
  } catch (const ProxyError&) {  // it has gone with its proxy, or by a reset
    return false;
  }
}

void Api::lease(const AskedProxy& asked) {
  const std::string& name = asked.state.name;
  lease(name, "", asked.ttl);
  for (std::size_t i = 0; i < asked.toxic_ttls.size(); ++i) {
    lease(name, asked.state.toxics[i].name, asked.toxic_ttls[i]);
  }
}

void Api::lease(const std::string& proxy, const std::string& toxic, std::optional<Duration> ttl) {
  if (ttl) leases_.set({proxy, toxic}, *ttl, clock_.now());
}

void Api::expire() {
  for (const Leases::Held& held : leases_.take_due(clock_.now())) {
    if (!remove(held)) continue;
    log_info("lease over: " + held.proxy + (held.toxic.empty() ? "" : " " + held.toxic));
  }
}

}  // namespace blackstart::api
