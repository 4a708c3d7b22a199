#pragma once

// Looking up host:port without making anybody wait.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/time.h"
#include "serve/socket.h"

namespace blackstart {

// "host:port", "[v6]:port", split at the last colon; the host may be empty.
struct HostPort {
  std::string host, port;
};
std::optional<HostPort> split_host_port(std::string_view text);

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

  // Waits for it; nullopt: it takes longer.
  std::optional<Found> look_up_within(const HostPort& where, Duration patience);

  // From then on `done` of no question is called, asked before or after. Waits for no lookup.
  void stop();

 private:
  void look_up(const HostPort& where, std::function<void(Found)> done);

  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace blackstart
