#pragma once

// Looking up host:port without making anybody wait.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/socket.h"

namespace blackstart {

// getaddrinfo(3) on threads of its own, several at once, so that a slow name delays no other.
class HostLookup {
 public:
  // In the resolver's order, both families; empty: there is none, or the text is no host:port.
  using Found = std::vector<SocketAddress>;

  HostLookup();
  ~HostLookup();
  HostLookup(const HostLookup&) = delete;
  HostLookup& operator=(const HostLookup&) = delete;

  // `done` runs on one of the lookup's threads; at once and here, where the host is an address in
  // numbers. Safe from any thread.
  void look_up(const std::string& text, std::function<void(Found)> done);

  // From then on `done` of no question is called, asked before or after. Waits for no lookup.
  void stop();

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// "host:port", "[v6]:port", split at the last colon; the host may be empty.
struct HostPort {
  std::string host, port;
};
std::optional<HostPort> split_host_port(std::string_view text);

}  // namespace blackstart
