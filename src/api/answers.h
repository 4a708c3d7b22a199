#pragma once

// Toxiproxy's objects as JSON text, their keys in its order. Pure.

#include <string>
#include <string_view>
#include <vector>

#include "api/leases.h"
#include "serve/proxies.h"

namespace blackstart::api {

std::string to_json(const toxic::Toxic& toxic);
std::string to_json(const ProxyState& proxy);

std::string toxics_json(const std::vector<toxic::Toxic>& toxics);
std::string proxies_json(const std::vector<ProxyState>& proxies);  // by name

// Nobody is told of `title` but .NET's old client, which looks for nothing else.
std::string error_json(int status, std::string_view text);

// With `status` 0 all went well.
std::string populated_json(const std::vector<ProxyState>& done, int status, std::string_view text);

// Ours alone: the list of live connections, with bytes and the toxics that act on each.
std::string connections_json(const std::vector<ProxyConnection>& connections);

// Ours alone: what vanishes unless renewed, and when.
std::string leases_json(const Leases& leases, RunTime now);

// Ours alone: what a client holds, and what every proxy has carried.
std::string held_json(const std::vector<Leases::Held>& toxics,
                      const std::vector<ProxyTotals>& totals);

// In quotes, and fit for a page: `<`, `>` and `&` are escaped. What is no UTF-8 becomes U+FFFD.
std::string json_text(std::string_view text);

// The shortest that reads as the same float: "1", "0.3", "1e-7".
std::string shortest(float number);

}  // namespace blackstart::api
