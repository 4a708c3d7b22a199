#include <algorithm>
#include <array>

#include "api/answers.h"
#include "api/api.h"
#include "api/api_error.h"
#include "api/path.h"
#include "api/status.h"
#include "sys/log.h"

namespace blackstart::api {

struct Api::Route {
  std::string_view pattern;
  std::array<std::string_view, 2> methods;  // none: any
  HttpAnswer (Api::*act)(const Call&);

  bool takes(std::string_view method) const {
    return methods[0].empty() || method == methods[0] || method == methods[1];
  }
};

namespace {

constexpr std::string_view kMetrics = "/metrics";

HttpAnswer text_answer(int status, const std::string& text) {
  return {status, "text/plain; charset=utf-8", text, {{"X-Content-Type-Options", "nosniff"}}};
}

HttpAnswer elsewhere(const HttpRequest& request, const std::string& path) {
  const auto query = std::min(request.target.find('?'), request.target.size());
  HttpAnswer answer{301, "", "", {}};
  answer.headers.emplace_back("Location", percent_encoded(path) + request.target.substr(query));
  return answer;
}

// What was only looked at or renewed is of no interest, what has changed or failed is.
void log_call(const HttpRequest& request, const HttpAnswer& answer) {
  constexpr std::size_t kBodyMost = 1'000;
  std::string line = request.method + " " + request.target + ": " + std::to_string(answer.status);
  const bool looked =
      request.method == "GET" || (request.method == "PATCH" && request.target == kHeldPath);
  if (answer.status >= 400 || !looked) {
    line += " " + answer.body.substr(0, std::min(answer.body.find('\n'), kBodyMost));
  }
  if (answer.status >= 500) {
    log_warning(line);
  } else if (looked) {
    log_debug(line);
  } else {
    log_info(line);
  }
}

}  // namespace

HttpAnswer Api::handle(const HttpRequest& request) {
  HttpAnswer answer;
  const std::string_view refused =
      options_.host_check ? refused_for(request, options_.own_name) : "";
  if (refused.empty()) {
    answer = routed(request);
  } else {
    answer = text_answer(403, std::string{refused} + "; --no-host-check allows it\n");
  }
  log_call(request, answer);
  return answer;
}

HttpAnswer Api::routed(const HttpRequest& request) {
  static constexpr std::array kRoutes = std::to_array<Route>({
      {"/version", {"GET"}, &Api::version},
      {"/proxies", {"GET"}, &Api::list_proxies},
      {"/proxies", {"POST"}, &Api::create_proxy},
      {"/populate", {"POST"}, &Api::create_proxies},
      {"/proxies/*", {"GET"}, &Api::show_proxy},
      {"/proxies/*", {"PATCH", "POST"}, &Api::update_proxy},
      {"/proxies/*", {"DELETE"}, &Api::delete_proxy},
      {"/proxies/*/toxics", {"GET"}, &Api::list_toxics},
      {"/proxies/*/toxics", {"POST"}, &Api::create_toxic},
      {"/proxies/*/toxics/*", {"GET"}, &Api::show_toxic},
      {"/proxies/*/toxics/*", {"PATCH", "POST"}, &Api::update_toxic},
      {"/proxies/*/toxics/*", {"DELETE"}, &Api::delete_toxic},
      {"/reset", {"POST"}, &Api::reset},
      {kMetrics, {}, &Api::metrics},
      {"/blackstart/connections", {"GET"}, &Api::connections},
      {"/blackstart/leases", {"GET"}, &Api::leases},
      {kHeldPath, {"GET"}, &Api::held},
      {kHeldPath, {"PUT"}, &Api::hold},
      {kHeldPath, {"PATCH"}, &Api::renew_held},
  });

  const auto path = path_of(request.target);
  if (!path) return text_answer(400, "400 Bad Request\n");
  if (const std::string clean = cleaned(*path); clean != *path) return elsewhere(request, clean);
  bool known = false;
  for (const Route& route : kRoutes) {
    if (route.pattern == kMetrics && !has_metrics()) continue;
    auto names = match(route.pattern, *path);
    if (!names) continue;
    if (route.takes(request.method)) return matched(route, {request, *std::move(names)});
    known = true;
  }
  return known ? HttpAnswer{405, "", "", {}} : text_answer(404, "404 page not found\n");
}

HttpAnswer Api::matched(const Route& route, const Call& call) {
  HttpAnswer answer;
  if (call.request.user_agent.starts_with("Mozilla/")) {
    answer = text_answer(403, "User agent not allowed\n");
  } else {
    try {
      answer = (this->*route.act)(call);
    } catch (const std::exception& error) {
      const int status = status_of(error);
      answer = text_answer(status, error_json(status, error.what()));
    }
  }
  answer.headers.emplace_back("X-Toxiproxy-Request-Id", request_id());
  return answer;
}

std::string Api::request_id() {
  constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuv";
  std::string id;
  for (const int digits : {12, 8}) {
    std::uint64_t bits = ids_.next();
    for (int i = 0; i < digits; ++i, bits >>= 5) id += kDigits[bits & 31];
  }
  return id;
}

}  // namespace blackstart::api
