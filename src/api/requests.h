#pragma once

// What the bodies of requests ask for. Beside Toxiproxy's keys, a proxy may bring its `toxics`
// when it is created, and both may have a lease, `ttl_ms`. Pure; ApiError (400) where a body says
// nothing that could be done.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/time.h"
#include "serve/proxies.h"

namespace blackstart::api {

// How long it shall live from now on: nullopt says nothing about it, zero is for ever.
using Ttl = std::optional<Duration>;

struct AskedToxic {
  toxic::Toxic toxic;
  Ttl ttl;
};

struct AskedProxy {
  ProxyState state;
  Ttl ttl;
  std::vector<Ttl> toxic_ttls;  // of state.toxics
};

struct AskedProxyChange {
  ProxyChange change;
  Ttl ttl;
};

struct AskedToxicChange {
  ToxicChange change;
  Ttl ttl;
};

// Toxics that a client holds, each of its proxy.
struct AskedHold {
  struct Toxic {
    std::string proxy;
    toxic::Toxic toxic;
  };
  std::vector<Toxic> toxics;
  Duration ttl{};
};

AskedProxy read_proxy(std::string_view body);
std::vector<AskedProxy> read_populate(std::string_view body);
AskedProxyChange read_proxy_change(std::string_view body);

// `beside`: the toxics that the proxy has. Throws ProxyError where one of them has its name, which
// counts before a wrong attribute does.
AskedToxic read_toxic(std::string_view body, const std::vector<toxic::Toxic>& beside);
AskedToxicChange read_toxic_change(std::string_view body, const toxic::Kind& kind);
AskedHold read_hold(std::string_view body);

}  // namespace blackstart::api
