#include "fault/toxic_proxies.h"

#include <sys/socket.h>

#include <algorithm>
#include <utility>

#include "serve/listen_address.h"
#include "sys/process_usage.h"

namespace blackstart {
namespace {

constexpr unsigned kThreads = 2;  // the machine is the application's

}  // namespace

ToxicProxies::ToxicProxies(const std::vector<ProxiedEntry>& entries, std::uint32_t mark,
                           RunSeed seed)
    // Its threads, and with them all of its sockets, are in the caller's namespace.
    : engine_{{.threads = kThreads, .seed = seed.value}} {
  raise_open_files_limit();
  for (const ProxiedEntry& entry : entries) {
    Proxy proxy{.entry = entry};
    // Redirected packets are for loopback or for an address of the interface they came in by.
    ProxyFront front{.listener = open_proxy_listener(resolve_listen("")),
                     .upstream = {},
                     .mark = mark,
                     .half_close = true,
                     .pass_resets = true};
    // To its clients it bears the mark as well.
    check("setsockopt(SO_MARK)",
          ::setsockopt(front.listener.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark));
    proxy.port = local_endpoint(front.listener.get()).port;
    proxy.front = engine_.open(std::move(front));
    proxies_.push_back(std::move(proxy));
  }
}

ProxyPorts ToxicProxies::ports() const {
  ProxyPorts out;
  for (const Proxy& proxy : proxies_) out[proxy.entry.entry] = proxy.port;
  return out;
}

void ToxicProxies::switch_toxics(std::span<const std::uint32_t> in_force, bool on) {
  for (Proxy& proxy : proxies_) {
    const bool wanted = std::ranges::find(in_force, proxy.entry.entry) != in_force.end();
    if (wanted != on || proxy.on == on) continue;
    for (const SharedToxic& toxic : proxy.entry.toxics) {
      on ? engine_.add_toxic(proxy.front, toxic) : engine_.remove_toxic(proxy.front, toxic->name);
    }
    proxy.on = on;
  }
}

void ToxicProxies::add_toxics(std::span<const std::uint32_t> in_force) {
  switch_toxics(in_force, true);
}
void ToxicProxies::remove_toxics(std::span<const std::uint32_t> in_force) {
  switch_toxics(in_force, false);
}

void ToxicProxies::add_to(Proof& proof) const {
  for (const Proxy& proxy : proxies_) {
    if (proxy.entry.entry != proof.entry) continue;
    proof.connections += std::exchange(proof.packets, 0);
    proof.bytes = 0;
    for (const WayBytes& way : engine_.carried(proxy.front).bytes) proof.bytes += way.received;
  }
}

}  // namespace blackstart
