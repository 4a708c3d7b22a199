#include "api/answers.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

namespace blackstart::api {
namespace {

template <class Items, class Write>
std::string joined(char open, const Items& items, char close, Write write) {
  std::string out{open};
  for (const auto& item : items) {
    if (out.size() > 1) out += ',';
    out += write(item);
  }
  return out += close;
}

std::string attributes_json(const toxic::Toxic& toxic) {
  std::size_t index = 0;
  return joined('{', toxic.kind->attributes, '}', [&](const toxic::Attribute& attribute) {
    return json_text(attribute.name) + ":" + std::to_string(toxic.values[index++]);
  });
}

std::string way_json(const ProxyConnection::Way& way) {
  return "{\"received\":" + std::to_string(way.received) + ",\"sent\":" + std::to_string(way.sent) +
         ",\"held\":" + std::to_string(way.held) +
         ",\"toxics\":" + joined('[', way.toxics, ']', json_text) + "}";
}

std::string connection_json(const ProxyConnection& connection) {
  const auto age = std::chrono::floor<std::chrono::milliseconds>(connection.age);
  return "{\"id\":" + std::to_string(connection.id) + ",\"proxy\":" + json_text(connection.proxy) +
         ",\"client\":" + json_text(connection.client) +
         ",\"upstream\":" + json_text(connection.upstream) +
         ",\"age_ms\":" + std::to_string(age.count()) + ",\"up\":" + way_json(connection.up) +
         ",\"down\":" + way_json(connection.down) + "}";
}

std::string list_json(const std::vector<ProxyState>& proxies) {
  return joined('[', proxies, ']', [](const ProxyState& proxy) { return to_json(proxy); });
}

}  // namespace

std::string to_json(const toxic::Toxic& toxic) {
  return "{\"attributes\":" + attributes_json(toxic) + ",\"name\":" + json_text(toxic.name) +
         ",\"type\":" + json_text(toxic.kind->name) +
         ",\"stream\":" + json_text(toxic.stream_text) +
         ",\"toxicity\":" + shortest(toxic.toxicity) + "}";
}

std::string to_json(const ProxyState& proxy) {
  return "{\"name\":" + json_text(proxy.name) + ",\"listen\":" + json_text(proxy.listen) +
         ",\"upstream\":" + json_text(proxy.upstream) +
         ",\"enabled\":" + (proxy.enabled ? "true" : "false") +
         ",\"toxics\":" + toxics_json(proxy.toxics) + "}";
}

std::string toxics_json(const std::vector<toxic::Toxic>& toxics) {
  return joined('[', toxics, ']', [](const toxic::Toxic& toxic) { return to_json(toxic); });
}

std::string proxies_json(const std::vector<ProxyState>& proxies) {
  return joined('{', proxies, '}', [](const ProxyState& proxy) {
    return json_text(proxy.name) + ":" + to_json(proxy);
  });
}

std::string error_json(int status, std::string_view text) {
  return "{\"error\":" + json_text(text) + ",\"title\":" + json_text(text) +
         ",\"status\":" + std::to_string(status) + "}\n";
}

std::string populated_json(const std::vector<ProxyState>& done, int status, std::string_view text) {
  if (status == 0) return "{\"proxies\":" + list_json(done) + "}";
  return "{\"error\":" + json_text(text) + ",\"status\":" + std::to_string(status) +
         ",\"proxies\":" + (done.empty() ? "null" : list_json(done)) + "}";
}

std::string connections_json(const std::vector<ProxyConnection>& connections) {
  return joined('[', connections, ']', connection_json);
}

std::string leases_json(const Leases& leases, RunTime now) {
  using std::chrono::ceil, std::chrono::milliseconds;
  return joined('[', leases.all(), ']', [&](const auto& one) {
    const auto& [held, lease] = one;
    return "{\"proxy\":" + json_text(held.proxy) +
           (held.toxic.empty() ? "" : ",\"toxic\":" + json_text(held.toxic)) +
           ",\"ttl_ms\":" + std::to_string(ceil<milliseconds>(lease.ttl).count()) +
           ",\"left_ms\":" + std::to_string(ceil<milliseconds>(lease.until - now).count()) +
           (lease.holder == 0 ? "" : ",\"held\":true") + "}";
  });
}

std::string held_json(const std::vector<Leases::Held>& toxics,
                      const std::vector<ProxyTotals>& totals) {
  const auto toxic_json = [](const Leases::Held& held) {
    return "{\"proxy\":" + json_text(held.proxy) + ",\"toxic\":" + json_text(held.toxic) + "}";
  };
  const auto total_json = [](const ProxyTotals& total) {
    return json_text(total.proxy) + ":{\"accepted\":" + std::to_string(total.accepted) +
           ",\"open\":" + std::to_string(total.open) +
           ",\"received\":" + std::to_string(total.received) + "}";
  };
  return "{\"toxics\":" + joined('[', toxics, ']', toxic_json) +
         ",\"proxies\":" + joined('{', totals, '}', total_json) + "}";
}

std::string json_text(std::string_view text) {
  using nlohmann::json;
  std::string out;
  for (const char c : json(text).dump(-1, ' ', false, json::error_handler_t::replace)) {
    switch (c) {
      case '<':
        out += "\\u003c";
        break;
      case '>':
        out += "\\u003e";
        break;
      case '&':
        out += "\\u0026";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string shortest(float number) {
  const float size = std::abs(number);
  const bool plain = size == 0 || (size >= 1e-6F && size < 1e21F);
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.begin(), text.end(), number,
                                 plain ? std::chars_format::fixed : std::chars_format::scientific);
  std::string out{text.data(), end.ptr};
  if (const auto zero = out.find("e-0"); zero != out.npos) out.erase(zero + 2, 1);
  return out;
}

}  // namespace blackstart::api
