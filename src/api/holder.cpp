#include "api/holder.h"

#include <nlohmann/json.hpp>
#include <stdexcept>

#include "api/answers.h"
#include "api/limits.h"
#include "api/path.h"
#include "core/version.h"

namespace blackstart::api {
namespace {

using nlohmann::json;

std::string body_of(const AskedHold& asked) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(asked.ttl);
  std::string body = "{\"ttl_ms\":" + std::to_string(ms.count()) + ",\"toxics\":[";
  for (const AskedHold::Toxic& one : asked.toxics) {
    if (&one != &asked.toxics.front()) body += ',';
    body += "{\"proxy\":" + json_text(one.proxy) + ',' + to_json(one.toxic).substr(1);
  }
  return body + "]}";
}

Holder::Answer read(const std::string& body) {
  const json value = json::parse(body);
  Holder::Answer answer{.held = value.at("toxics").size(), .proxies = {}};
  for (const auto& [name, total] : value.at("proxies").items()) {
    answer.proxies[name] = {name, total.at("accepted"), total.at("open"), total.at("received")};
  }
  return answer;
}

// What the API said for itself, or nothing.
std::string error_of(const std::string& body) {
  const json value = json::parse(body, nullptr, false);
  return value.is_object() ? value.value("error", "") : "";
}

}  // namespace

Holder::Holder(const std::string& api)
    : api_{api}, http_{api, "blackstart/" + std::string{kVersion}, limits::api_holder_patience} {}

Holder::Answer Holder::hold(const AskedHold& asked) { return exchange("PUT", body_of(asked)); }
Holder::Answer Holder::renew() { return exchange("PATCH", ""); }
Holder::Answer Holder::look() { return exchange("GET", ""); }

HttpReply Holder::sent(const std::string& method, const std::string& body) {
  try {
    return http_.send(method, kHeldPath, body);
  } catch (const std::runtime_error& failure) {
    throw std::runtime_error{std::string{"no API of proxies answers: "} + failure.what() +
                             "\ntry: blackstart serve"};
  }
}

Holder::Answer Holder::exchange(const std::string& method, const std::string& body) {
  const HttpReply reply = sent(method, body);
  const std::string error = error_of(reply.body);
  if (reply.status == 404 && error.empty()) {
    throw std::runtime_error{
        api_ +
        " holds no toxics for a run: it is Toxiproxy's own server, or another one; what is "
        "put on its proxies would outlive a run that is killed\ntry: blackstart serve, in its "
        "place"};
  }
  if (reply.status != 200) {
    throw std::runtime_error{api_ + ": " +
                             (error.empty() ? "HTTP " + std::to_string(reply.status) : error)};
  }
  try {
    return read(reply.body);
  } catch (const json::exception& failure) {
    throw std::runtime_error{api_ + " answers what nobody can read: " + failure.what()};
  }
}

}  // namespace blackstart::api
