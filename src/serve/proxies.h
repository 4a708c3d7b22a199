#pragma once

// The proxies of this process, by name, as Toxiproxy's API speaks of them: what each call does to
// listeners, live connections and toxics. What the wire says of it is src/api's.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/time.h"
#include "toxic/toxic.h"

namespace blackstart {

class ProxyEngine;

// As it is asked for, and as it is answered.
struct ProxyState {
  std::string name;
  std::string listen;    // answered: the bound address in numbers, once it has been started
  std::string upstream;  // host:port, resolved for each connection; or unix:/path
  bool enabled = true;
  std::vector<toxic::Toxic> toxics{};  // answered: upstream first, each stream as it was created
};

struct ProxyChange {
  std::optional<std::string> listen{}, upstream{};
  std::optional<bool> enabled{};
};

struct ToxicChange {
  std::optional<float> toxicity{};
  std::vector<std::pair<std::size_t, std::int64_t>> values{};  // index in Kind::attributes
};

// Bytes of one direction, counted as they pass. A series goes on after its proxy has moved.
struct ProxyTraffic {
  std::string proxy, listener, upstream;  // as they were when the connections began
  toxic::Stream direction = toxic::Stream::upstream;
  std::uint64_t received = 0, sent = 0;
};

// What a proxy has carried since it was made.
struct ProxyTotals {
  std::string proxy;
  std::uint64_t accepted = 0, open = 0;  // connections
  std::uint64_t received = 0;            // bytes, of both directions
};

struct ProxyConnection {
  std::uint64_t id = 0;
  std::string proxy, client, upstream;  // endpoints; upstream is empty while it is being dialled
  Duration age{};
  struct Way {
    std::uint64_t received = 0, sent = 0, held = 0;  // bytes
    std::vector<std::string> toxics;                 // that act on this connection
  };
  Way up, down;
};

class ProxyError : public std::runtime_error {
 public:
  enum class Kind : std::uint8_t {
    no_proxy,         // "proxy not found"
    proxy_exists,     // "proxy already exists"
    no_toxic,         // "toxic not found"
    toxic_exists,     // "toxic already exists"
    unusable_listen,  // cannot be resolved or bound; the text is Go's, which clients compare
  };
  ProxyError(Kind kind, const std::string& text) : std::runtime_error{text}, kind_{kind} {}
  Kind kind() const { return kind_; }

 private:
  Kind kind_;
};

struct ProxiesOptions {
  unsigned threads = 0;  // that carry connections; 0: one a processor
  std::uint64_t seed = 0;
  bool half_close = false;        // pass the end of one direction on, and keep the other
  bool pass_resets = false;       // a reset on as a reset, where no toxic acts on that way
  bool refuse_when_down = false;  // refuse clients while the upstream takes no connections
};

// Every call has taken effect on listeners and live connections when it returns, and waits for no
// connection: within milliseconds, whatever clients and servers do. For one thread at a time.
class Proxies {
 public:
  explicit Proxies(const ProxiesOptions& options);
  ~Proxies();  // closes all
  Proxies(const Proxies&) = delete;
  Proxies& operator=(const Proxies&) = delete;

  std::vector<ProxyState> all() const;  // by name, bytewise
  ProxyState get(std::string_view name) const;

  // With `toxics` in force before the first connection. All or nothing.
  ProxyState create(const ProxyState& asked);
  ProxyState update(std::string_view name, const ProxyChange& change);
  void remove(std::string_view name);

  // In order, leaving as they are those that neither address of would change. `failure` tells why
  // it stopped after `done`.
  struct Populated {
    std::vector<ProxyState> done;
    std::optional<ProxyError> failure;
  };
  Populated populate(const std::vector<ProxyState>& asked);

  // Starts all and removes every toxic. Throws at the first that cannot be started.
  void reset();

  toxic::Toxic add_toxic(std::string_view proxy, toxic::Toxic toxic);
  toxic::Toxic get_toxic(std::string_view proxy, std::string_view toxic) const;
  toxic::Toxic update_toxic(std::string_view proxy, std::string_view toxic,
                            const ToxicChange& change);
  void remove_toxic(std::string_view proxy, std::string_view toxic);

  std::vector<ProxyTraffic> traffic() const;
  std::vector<ProxyTotals> totals() const;           // by name
  std::vector<ProxyConnection> connections() const;  // of all proxies, oldest first

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart
