#pragma once

// Finds out again and again whether upstreams take connections.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace blackstart {

class UpstreamWatch {
 public:
  // Called on the watch's thread after each look at an upstream.
  using Told = std::function<void(std::uint64_t id, bool takes_connections)>;

  explicit UpstreamWatch(Told told);
  ~UpstreamWatch();  // after the look under way, half a second at most
  UpstreamWatch(const UpstreamWatch&) = delete;
  UpstreamWatch& operator=(const UpstreamWatch&) = delete;

  // Looks at host:port at once, and then four times a second: connects, and closes. From any
  // thread. A look under way may still be told of after remove().
  void add(std::uint64_t id, std::string upstream);
  void remove(std::uint64_t id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart
