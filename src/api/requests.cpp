#include "api/requests.h"

#include <algorithm>
#include <string>
#include <utility>

#include "api/api_error.h"
#include "api/fields.h"
#include "api/limits.h"

namespace blackstart::api {
namespace {

using nlohmann::json;
using toxic::Toxic;

constexpr std::string_view kTtl = "ttl_ms";

Ttl ttl_of(const Fields& in) {
  const auto asked = in.whole(kTtl);
  if (!asked) return std::nullopt;
  if (*asked < 0) refuse(in.place_of(kTtl), "must not be negative");
  constexpr std::chrono::milliseconds kMost = limits::api_lease_max;
  return std::chrono::milliseconds{std::min(*asked, std::int64_t{kMost.count()})};
}

// PHP writes an empty map as an empty list.
const json& attributes_of(const Fields& in) {
  static const json none;
  const json* value = in.find("attributes");
  return value == nullptr || (value->is_array() && value->empty()) ? none : *value;
}

std::vector<std::pair<std::size_t, std::int64_t>> values_of(const Fields& in,
                                                            const toxic::Kind& kind) {
  const Fields attributes{attributes_of(in), in.place_of("attributes")};
  std::vector<std::pair<std::size_t, std::int64_t>> values;
  for (std::size_t i = 0; i < kind.attributes.size(); ++i) {
    if (const auto value = attributes.whole(kind.attributes[i].name))
      values.emplace_back(i, *value);
  }
  return values;
}

Toxic named_toxic(const Fields& in) {
  Toxic toxic;
  toxic.stream_text = in.text("stream").value_or("downstream");
  const auto stream = toxic::parse_stream(toxic.stream_text);
  const std::string kind = in.text("type").value_or("");
  toxic.name = in.text("name").value_or("");
  toxic.toxicity = in.number("toxicity").value_or(1.0F);
  if (!stream) throw ApiError{400, "stream was invalid, can be either upstream or downstream"};
  toxic.stream = *stream;
  toxic.kind = toxic::find_kind(kind);
  if (toxic.kind == nullptr) throw ApiError{400, "invalid toxic type"};
  if (toxic.name.empty()) toxic.name = kind + "_" + toxic.stream_text;
  return toxic;
}

AskedToxic toxic_from(const Fields& in, const std::vector<Toxic>& beside) {
  AskedToxic asked{named_toxic(in), ttl_of(in)};
  if (std::ranges::find(beside, asked.toxic.name, &Toxic::name) != beside.end()) {
    throw ProxyError{ProxyError::Kind::toxic_exists, "toxic already exists"};
  }
  for (const auto& [index, value] : values_of(in, *asked.toxic.kind)) {
    asked.toxic.values[index] = value;
  }
  return asked;
}

template <class Act>
void for_each_of(const Fields& in, std::string_view key, Act act) {
  const json* list = in.find(key);
  if (list == nullptr) return;
  const std::string place = in.place_of(key);
  if (!list->is_array()) refuse(place, "must be a list");
  for (std::size_t i = 0; i < list->size(); ++i) {
    act(Fields{(*list)[i], place + "[" + std::to_string(i) + "]"});
  }
}

void take_toxics(const Fields& in, AskedProxy& into) {
  for_each_of(in, "toxics", [&](const Fields& one) {
    AskedToxic asked = toxic_from(one, into.state.toxics);
    into.state.toxics.push_back(std::move(asked.toxic));
    into.toxic_ttls.push_back(asked.ttl);
  });
}

// `where`: " at proxy 2", or nothing where there is one alone.
AskedProxy proxy_from(const json& value, const std::string& place, const std::string& where) {
  const Fields in{value, place};
  AskedProxy asked;
  asked.state.name = in.text("name").value_or("");
  asked.state.listen = in.text("listen").value_or("");
  asked.state.upstream = in.text("upstream").value_or("");
  asked.state.enabled = in.flag("enabled").value_or(true);
  asked.ttl = ttl_of(in);
  if (asked.state.name.empty()) throw ApiError{400, "missing required field: name" + where};
  if (asked.state.upstream.empty()) throw ApiError{400, "missing required field: upstream" + where};
  take_toxics(in, asked);
  return asked;
}

}  // namespace

AskedProxy read_proxy(std::string_view body) { return proxy_from(first_value(body), "", ""); }

std::vector<AskedProxy> read_populate(std::string_view body) {
  const json list = first_value(body);
  if (!list.is_array() && !list.is_null()) refuse("it", "must be a list of proxies");
  std::vector<AskedProxy> asked;
  for (const json& value : list) {
    const std::string number = std::to_string(asked.size() + 1);
    asked.push_back(
        proxy_from(value, "[" + std::to_string(asked.size()) + "]", " at proxy " + number));
  }
  return asked;
}

AskedProxyChange read_proxy_change(std::string_view body) {
  const json value = first_value(body);
  const Fields in{value, ""};
  return {{in.text("listen"), in.text("upstream"), in.flag("enabled")}, ttl_of(in)};
}

AskedToxic read_toxic(std::string_view body, const std::vector<Toxic>& beside) {
  const json value = first_value(body);
  return toxic_from(Fields{value, ""}, beside);
}

AskedToxicChange read_toxic_change(std::string_view body, const toxic::Kind& kind) {
  const json value = first_value(body);
  const Fields in{value, ""};
  return {{in.number("toxicity"), values_of(in, kind)}, ttl_of(in)};
}

AskedHold read_hold(std::string_view body) {
  const json value = first_value(body);
  const Fields in{value, ""};
  const Ttl ttl = ttl_of(in);
  if (!ttl || *ttl == Duration::zero()) refuse(in.place_of(kTtl), "must say a time");
  AskedHold asked{{}, *ttl};
  for_each_of(in, "toxics", [&](const Fields& one) {
    asked.toxics.push_back({one.text("proxy").value_or(""), toxic_from(one, {}).toxic});
  });
  return asked;
}

}  // namespace blackstart::api
