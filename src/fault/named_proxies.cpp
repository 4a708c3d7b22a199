#include "fault/named_proxies.h"

#include <algorithm>
#include <stdexcept>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

// Another one for each entry, and none that a person would choose.
toxic::Toxic renamed(toxic::Toxic toxic, std::uint32_t entry) {
  toxic.name = "blackstart_" + std::to_string(entry) + '_' + toxic.name;
  return toxic;
}

std::string list_of(const std::map<std::string, ProxyTotals>& proxies) {
  std::string out;
  for (const auto& [name, totals] : proxies) out += (out.empty() ? "" : ", ") + name;
  return out.empty() ? "it has none" : "it has " + out;
}

bool is_among(std::uint32_t entry, std::span<const std::uint32_t> in_force) {
  return std::ranges::find(in_force, entry) != in_force.end();
}

}  // namespace

NamedProxies::NamedProxies(const std::vector<NamedEntry>& entries) {
  for (const NamedEntry& entry : entries) {
    const auto server = servers_.try_emplace(entry.api, entry.api).first;
    server->second.entries.push_back({.entry = entry});
  }
}

void NamedProxies::connect() {
  for (auto& [api, server] : servers_) {
    const Totals proxies = server.holder->look().proxies;
    for (const Named& named : server.entries) {
      if (proxies.contains(named.entry.proxy)) continue;
      throw std::runtime_error{"there is no proxy '" + named.entry.proxy + "' at " + api + "; " +
                               list_of(proxies)};
    }
  }
}

void NamedProxies::take(Server& server, const Totals& proxies) {
  for (Named& named : server.entries) {
    const auto found = proxies.find(named.entry.proxy);
    if (found != proxies.end()) named.now = found->second;
  }
}

// A connection that was there before it came on counts where something came by since.
void NamedProxies::switch_entry(Named& named, bool on) {
  if (named.on == on) return;
  named.on = on;
  if (on) {
    named.began = named.now;
    return;
  }
  const std::uint64_t bytes = named.now.received - named.began.received;
  named.bytes += bytes;
  named.connections += named.now.accepted - named.began.accepted;
  if (bytes > 0) named.connections += named.began.open;
}

void NamedProxies::switch_to(Server& server, std::span<const std::uint32_t> in_force) {
  const auto stays = [&](const Named& one) {
    return is_among(one.entry.entry, in_force) == one.on;
  };
  if (std::ranges::all_of(server.entries, stays)) return;
  renew(server);  // what somebody took away does not come back
  api::AskedHold asked{.toxics = {}, .ttl = limits::heartbeat_timeout};
  for (const Named& named : server.entries) {
    if (!is_among(named.entry.entry, in_force)) continue;
    for (const auto& toxic : named.entry.toxics) {
      asked.toxics.push_back({named.entry.proxy, renamed(*toxic, named.entry.entry)});
    }
  }
  take(server, server.holder->hold(asked).proxies);
  server.held = asked.toxics.size();
  for (Named& named : server.entries) {
    switch_entry(named, is_among(named.entry.entry, in_force));
  }
}

void NamedProxies::switch_to(std::span<const std::uint32_t> in_force,
                             std::vector<std::string>& failures) {
  for (auto& [api, server] : servers_) {
    try {
      switch_to(server, in_force);
    } catch (const std::runtime_error& failure) {
      if (!in_force.empty()) throw;
      server.holder.emplace(api);  // the connection that held them is closed
      server.held = 0;
      for (Named& named : server.entries) switch_entry(named, false);
      failures.push_back(std::string{"toxics went with our connection alone: "} + failure.what());
    }
  }
}

void NamedProxies::renew(Server& server) {
  if (server.held == 0) return;
  const api::Holder::Answer answer = server.holder->renew();
  take(server, answer.proxies);
  if (answer.held >= server.held) return;
  throw std::runtime_error{"toxics of this run are gone from the proxies of " +
                           server.entries.front().entry.api +
                           ": somebody took them away, or its server was started anew"};
}

void NamedProxies::beat() {
  for (auto& [api, server] : servers_) renew(server);
}

void NamedProxies::add_to(Proof& proof) const {
  for (const auto& [api, server] : servers_) {
    for (const Named& named : server.entries) {
      if (named.entry.entry != proof.entry) continue;
      proof.connections += named.connections;
      proof.bytes += named.bytes;
    }
  }
}

}  // namespace blackstart
