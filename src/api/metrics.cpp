#include "api/metrics.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <tuple>

namespace blackstart::api {
namespace {

std::string heading(const std::string& name, const std::string& help, const std::string& type) {
  return "# HELP " + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

std::string label(std::string_view name, std::string_view value) {
  std::string out{name};
  out += "=\"";
  for (const char c : value) {
    if (c == '\\' || c == '"') out += '\\';
    out += c == '\n' ? "\\n" : std::string{c};
  }
  return out += '"';
}

std::string series(const std::string& name, const ProxyTraffic& of, std::uint64_t value) {
  return name + "{" + label("direction", to_text(of.direction)) + "," +
         label("listener", of.listener) + "," + label("proxy", of.proxy) + "," +
         label("upstream", of.upstream) + "} " + std::to_string(value) + "\n";
}

std::string gauge(const std::string& name, const std::string& help, double value,
                  const std::string& type = "gauge") {
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), " %.15g\n", value);
  return heading(name, help, type) + name + text.data();
}

}  // namespace

std::string proxy_metrics(const std::vector<ProxyTraffic>& traffic) {
  const std::string received = "toxiproxy_proxy_received_bytes_total";
  const std::string sent = "toxiproxy_proxy_sent_bytes_total";
  std::string out;
  if (traffic.empty()) return out;
  out += heading(received, "", "counter");
  for (const ProxyTraffic& one : traffic) out += series(received, one, one.received);
  out += heading(sent, "", "counter");
  for (const ProxyTraffic& one : traffic) out += series(sent, one, one.sent);
  return out;
}

std::string process_metrics(const ProcessUsage& usage) {
  return gauge("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.",
               usage.cpu_seconds, "counter") +
         gauge("process_max_fds", "Maximum number of open file descriptors.", usage.files_max) +
         gauge("process_open_fds", "Number of open file descriptors.", usage.files_open) +
         gauge("process_resident_memory_bytes", "Resident memory size in bytes.",
               usage.resident_bytes) +
         gauge("process_start_time_seconds",
               "Start time of the process since unix epoch in seconds.", usage.started_seconds) +
         gauge("process_virtual_memory_bytes", "Virtual memory size in bytes.",
               usage.virtual_bytes);
}

std::string handler_metrics() {
  const std::string name = "promhttp_metric_handler_errors_total";
  return heading(name,
                 "Total number of internal errors encountered by the promhttp metric handler.",
                 "counter") +
         name + "{cause=\"encoding\"} 0\n" + name + "{cause=\"gathering\"} 0\n";
}

}  // namespace blackstart::api
