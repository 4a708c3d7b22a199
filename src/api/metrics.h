#pragma once

// What /metrics tells, in Prometheus's text format 0.0.4. Pure.

#include <string>
#include <vector>

#include "serve/proxies.h"
#include "sys/process_usage.h"

namespace blackstart::api {

// Toxiproxy's two counters, a series for each direction, proxy, listener and upstream.
std::string proxy_metrics(const std::vector<ProxyTraffic>& traffic);

// The process_* ones that every client library has.
std::string process_metrics(const ProcessUsage& usage);

// Of the page itself: nothing has ever gone wrong with it.
std::string handler_metrics();

}  // namespace blackstart::api
