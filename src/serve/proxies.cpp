#include "serve/proxies.h"

#include <algorithm>
#include <map>
#include <utility>

#include "serve/listen_address.h"
#include "serve/proxy_engine.h"

namespace blackstart {
namespace {

using FrontId = ProxyEngine::FrontId;

struct Proxy {
  ProxyState state;  // without toxics; `enabled`: it listens
  std::vector<SharedToxic> toxics{};
  std::optional<FrontId> front{};
  ProxyTotals before{};  // of listeners that it no longer has
};

// Where its series of bytes belongs.
struct Series {
  std::string proxy, listener, upstream;

  auto operator<=>(const Series&) const = default;
};

Series series_of(const Proxy& proxy) {
  return {proxy.state.name, proxy.state.listen, proxy.state.upstream};
}

ProxyTotals operator+(ProxyTotals sum, const ProxyEngine::Carried& more) {
  sum.accepted += more.accepted;
  sum.open += more.open;
  for (const WayBytes& way : more.bytes) sum.received += way.received;
  return sum;
}

void add(BothWays& sum, const BothWays& more) {
  for (std::size_t way = 0; way < sum.size(); ++way) sum[way] += more[way];
}

ProxyState answer(const Proxy& proxy) {
  ProxyState out = proxy.state;
  for (const toxic::Stream stream : {toxic::Stream::upstream, toxic::Stream::downstream}) {
    for (const SharedToxic& toxic : proxy.toxics) {
      if (toxic->stream == stream) out.toxics.push_back(*toxic);
    }
  }
  return out;
}

ProxyError unusable(const std::string& text) { return {ProxyError::Kind::unusable_listen, text}; }

// Throws ProxyError, with what Go says before the reason where it was about to listen.
ListenAddress resolve(const std::string& text, const std::string& attempt = {}) {
  try {
    return resolve_listen(text);
  } catch (const BadListenAddress& bad) {
    throw unusable(attempt + bad.what());
  }
}

// Whether listening there is what it does already. A port of the kernel's choice is another one
// each time, unless none was chosen yet.
bool is_same_place(const std::string& stored, const ListenAddress& asked) {
  try {
    return resolve_listen(stored).text == asked.text;
  } catch (const BadListenAddress&) {
    return false;
  }
}

std::vector<SharedToxic>::const_iterator find_toxic(const Proxy& proxy, std::string_view name) {
  const auto found =
      std::ranges::find_if(proxy.toxics, [&](const SharedToxic& one) { return one->name == name; });
  if (found == proxy.toxics.end()) throw ProxyError{ProxyError::Kind::no_toxic, "toxic not found"};
  return found;
}

// Throws where its name is taken among those.
SharedToxic named(toxic::Toxic toxic, const std::vector<SharedToxic>& others) {
  if (toxic.stream_text.empty()) toxic.stream_text = to_text(toxic.stream);
  if (toxic.name.empty()) toxic.name = std::string{toxic.kind->name} + '_' + toxic.stream_text;
  for (const SharedToxic& other : others) {
    if (other->name != toxic.name) continue;
    throw ProxyError{ProxyError::Kind::toxic_exists, "toxic already exists"};
  }
  return std::make_shared<const toxic::Toxic>(std::move(toxic));
}

}  // namespace

struct Proxies::State {
  explicit State(const ProxiesOptions& asked)
      : options{asked}, engine{{.threads = asked.threads, .seed = asked.seed}} {}

  Proxy& find(std::string_view name) {
    const auto found = proxies.find(name);
    if (found == proxies.end()) throw ProxyError{ProxyError::Kind::no_proxy, "proxy not found"};
    return found->second;
  }

  void start(Proxy& proxy) {
    const ListenAddress at = resolve(proxy.state.listen, "listen tcp: ");
    try {
      ProxyFront front{.listener = open_proxy_listener(at),
                       .upstream = proxy.state.upstream,
                       .half_close = options.half_close,
                       .pass_resets = options.pass_resets,
                       .refuse_when_down = options.refuse_when_down,
                       .toxics = proxy.toxics};
      proxy.state.listen = bound_text(front.listener.get());
      proxy.front = engine.open(std::move(front));
      proxy.state.enabled = true;
    } catch (const BadListenAddress& bad) {
      throw unusable(bad.what());
    }
  }

  void stop(Proxy& proxy) {
    if (proxy.front) {
      const ProxyEngine::Carried carried = engine.close(*proxy.front);
      add(ended[series_of(proxy)], carried.bytes);
      proxy.before = proxy.before + carried;
      proxy.before.open = 0;
    }
    proxy.front.reset();
    proxy.state.enabled = false;
  }

  void set_enabled(Proxy& proxy, bool enabled) {
    if (enabled == proxy.front.has_value()) return;
    enabled ? start(proxy) : stop(proxy);
  }

  void remove_toxic(Proxy& proxy, std::vector<SharedToxic>::const_iterator toxic) {
    const SharedToxic gone = *toxic;
    proxy.toxics.erase(toxic);
    if (proxy.front) engine.remove_toxic(*proxy.front, gone->name);
  }

  Proxy make(const ProxyState& asked) {
    Proxy proxy{asked};
    proxy.state.toxics.clear();
    proxy.state.enabled = false;
    for (const toxic::Toxic& toxic : asked.toxics) {
      proxy.toxics.push_back(named(toxic, proxy.toxics));
    }
    if (asked.enabled) start(proxy);
    return proxy;
  }

  const ProxiesOptions options;
  ProxyEngine engine;
  std::map<std::string, Proxy, std::less<>> proxies;  // by name, bytewise
  std::map<Series, BothWays> ended;                   // of listeners that are no more
};

Proxies::Proxies(const ProxiesOptions& options) : state_{std::make_unique<State>(options)} {}
Proxies::~Proxies() = default;

std::vector<ProxyState> Proxies::all() const {
  std::vector<ProxyState> out;
  for (const auto& [name, proxy] : state_->proxies) out.push_back(answer(proxy));
  return out;
}

ProxyState Proxies::get(std::string_view name) const { return answer(state_->find(name)); }

ProxyState Proxies::create(const ProxyState& asked) {
  if (state_->proxies.contains(asked.name)) {
    throw ProxyError{ProxyError::Kind::proxy_exists, "proxy already exists"};
  }
  return answer(state_->proxies.emplace(asked.name, state_->make(asked)).first->second);
}

ProxyState Proxies::update(std::string_view name, const ProxyChange& change) {
  Proxy& proxy = state_->find(name);
  const bool enabled = change.enabled.value_or(proxy.state.enabled);
  const std::string listen = change.listen.value_or(proxy.state.listen);
  const std::string upstream = change.upstream.value_or(proxy.state.upstream);
  const bool moves = change.listen && !is_same_place(proxy.state.listen, resolve(listen));
  if (moves || upstream != proxy.state.upstream) {
    state_->stop(proxy);
    if (moves) proxy.state.listen = listen;
    proxy.state.upstream = upstream;
  }
  state_->set_enabled(proxy, enabled);
  return answer(proxy);
}

void Proxies::remove(std::string_view name) {
  Proxy& proxy = state_->find(name);
  state_->stop(proxy);
  state_->proxies.erase(state_->proxies.find(name));
}

Proxies::Populated Proxies::populate(const std::vector<ProxyState>& asked) {
  Populated out;
  try {
    for (const ProxyState& one : asked) {
      const auto found = state_->proxies.find(one.name);
      if (found == state_->proxies.end()) {
        out.done.push_back(create(one));
        continue;
      }
      Proxy& proxy = found->second;
      const bool moves = !is_same_place(proxy.state.listen, resolve(one.listen));
      if (moves || one.upstream != proxy.state.upstream) {
        state_->stop(proxy);
        proxy = state_->make(one);
      }
      out.done.push_back(answer(proxy));
    }
  } catch (const ProxyError& failure) {
    out.failure = failure;
  }
  return out;
}

void Proxies::reset() {
  for (auto& [name, proxy] : state_->proxies) {
    state_->set_enabled(proxy, true);
    while (!proxy.toxics.empty()) state_->remove_toxic(proxy, proxy.toxics.begin());
  }
}

toxic::Toxic Proxies::add_toxic(std::string_view proxy_name, toxic::Toxic asked) {
  Proxy& proxy = state_->find(proxy_name);
  const SharedToxic toxic = named(std::move(asked), proxy.toxics);
  proxy.toxics.push_back(toxic);
  if (proxy.front) state_->engine.add_toxic(*proxy.front, toxic);
  return *toxic;
}

toxic::Toxic Proxies::get_toxic(std::string_view proxy, std::string_view toxic) const {
  return **find_toxic(state_->find(proxy), toxic);
}

toxic::Toxic Proxies::update_toxic(std::string_view proxy_name, std::string_view toxic_name,
                                   const ToxicChange& change) {
  Proxy& proxy = state_->find(proxy_name);
  const auto place = find_toxic(proxy, toxic_name);
  toxic::Toxic next = **place;
  for (const auto& [index, value] : change.values) next.values.at(index) = value;
  next.toxicity = change.toxicity.value_or(next.toxicity);
  const auto toxic = std::make_shared<const toxic::Toxic>(std::move(next));
  proxy.toxics[static_cast<std::size_t>(place - proxy.toxics.begin())] = toxic;
  if (proxy.front) state_->engine.update_toxic(*proxy.front, toxic, change.toxicity.has_value());
  return *toxic;
}

void Proxies::remove_toxic(std::string_view proxy_name, std::string_view toxic) {
  Proxy& proxy = state_->find(proxy_name);
  state_->remove_toxic(proxy, find_toxic(proxy, toxic));
}

std::vector<ProxyTraffic> Proxies::traffic() const {
  std::map<Series, BothWays> all = state_->ended;
  for (const auto& [name, proxy] : state_->proxies) {
    if (proxy.front) add(all[series_of(proxy)], state_->engine.carried(*proxy.front).bytes);
  }
  std::vector<ProxyTraffic> out;
  for (const auto& [series, ways] : all) {
    for (const toxic::Stream stream : {toxic::Stream::upstream, toxic::Stream::downstream}) {
      const WayBytes& way = ways[static_cast<std::size_t>(stream)];
      out.push_back(
          {series.proxy, series.listener, series.upstream, stream, way.received, way.sent});
    }
  }
  return out;
}

std::vector<ProxyTotals> Proxies::totals() const {
  std::vector<ProxyTotals> out;
  for (const auto& [name, proxy] : state_->proxies) {
    ProxyTotals total = proxy.before;
    if (proxy.front) total = total + state_->engine.carried(*proxy.front);
    total.proxy = name;
    out.push_back(std::move(total));
  }
  return out;
}

std::vector<ProxyConnection> Proxies::connections() const {
  std::map<FrontId, std::string> names;
  for (const auto& [name, proxy] : state_->proxies) {
    if (proxy.front) names[*proxy.front] = name;
  }
  const auto way_of = [](ProxyEngine::Connection::Way& way) {
    return ProxyConnection::Way{way.bytes.received, way.bytes.sent, way.held,
                                std::move(way.toxics)};
  };
  std::vector<ProxyConnection> out;
  for (ProxyEngine::Connection& one : state_->engine.connections()) {
    out.push_back({one.id, names[one.front], one.client, one.upstream, one.age, way_of(one.ways[0]),
                   way_of(one.ways[1])});
  }
  return out;
}

}  // namespace blackstart
