#pragma once

// The threads that carry proxied connections.
//
// Each thread has an epoll of its own and all listeners in it; whoever accepts a connection keeps
// it. A connection is touched by its thread alone, so nothing on the way of the bytes is locked.
// What is asked of the engine is done by every thread between two rounds and waited for: no round
// waits for a peer, so that takes well under a millisecond, whatever clients and servers do.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/time.h"
#include "serve/proxy_front.h"
#include "toxic/toxic.h"

namespace blackstart {

class ProxyEngine {
 public:
  struct Options {
    unsigned threads = 0;  // 0: one a processor
    std::uint64_t seed = 0;
  };
  using FrontId = std::uint64_t;

  explicit ProxyEngine(const Options& options);
  ~ProxyEngine();  // closes every front
  ProxyEngine(const ProxyEngine&) = delete;
  ProxyEngine& operator=(const ProxyEngine&) = delete;

  // All of these may be called from any thread but the engine's own, and have taken effect on
  // listeners and connections when they return.

  FrontId open(ProxyFront front);  // accepts from now on
  struct Carried {
    BothWays bytes{};
    std::uint64_t accepted = 0, open = 0;  // connections
  };
  // Its listener, then both ends of every connection.
  Carried close(FrontId id);

  void add_toxic(FrontId id, SharedToxic toxic);
  void update_toxic(FrontId id, SharedToxic toxic, bool draw_again);
  void remove_toxic(FrontId id, std::string_view name);

  Carried carried(FrontId id) const;

  struct Connection {
    std::uint64_t id = 0;  // in the order of their acceptance
    FrontId front = 0;
    std::string client, upstream;  // upstream is empty until it is connected
    Duration age{};
    struct Way {
      WayBytes bytes;
      std::uint64_t held = 0;
      std::vector<std::string> toxics;
    };
    std::array<Way, 2> ways;  // by toxic::Stream
  };
  std::vector<Connection> connections() const;  // oldest first

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart
