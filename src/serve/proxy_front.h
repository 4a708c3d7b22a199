#pragma once

// What a proxy's threads share about one listener, and what each knows of it for itself.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/address.h"
#include "sys/fd.h"
#include "toxic/toxic.h"

namespace blackstart {

using SharedToxic = std::shared_ptr<const toxic::Toxic>;

// Bytes of one direction: read from its source, written to its destination.
struct WayBytes {
  std::uint64_t received = 0, sent = 0;

  WayBytes& operator+=(const WayBytes& more) {
    received += more.received;
    sent += more.sent;
    return *this;
  }
};
using BothWays = std::array<WayBytes, 2>;  // by toxic::Stream

// Counted by one thread, read by any.
class WayCounter {
 public:
  void add_received(std::uint64_t bytes) { add(received_, bytes); }
  void add_sent(std::uint64_t bytes) { add(sent_, bytes); }
  WayBytes read() const {
    return {received_.load(std::memory_order_relaxed), sent_.load(std::memory_order_relaxed)};
  }

 private:
  static void add(std::atomic<std::uint64_t>& sum, std::uint64_t bytes) {
    sum.store(sum.load(std::memory_order_relaxed) + bytes, std::memory_order_relaxed);
  }

  std::atomic<std::uint64_t> received_{0}, sent_{0};
};

struct ProxyFront {
  UniqueFd listener;        // listens, never blocks
  std::string upstream;     // host:port, looked up for each connection. Empty: where the connection
                            // was going before a rule redirected it (SO_ORIGINAL_DST)
  std::uint32_t mark = 0;   // SO_MARK of the sockets towards upstream; 0: none
  UniqueFd netns{};         // of those sockets; none: that in which the engine was made
  bool half_close = false;  // pass the end of one direction on, and keep the other
  bool pass_resets = false;           // a reset on as a reset, where no toxic acts on that way
  bool refuse_when_down = false;      // while upstream takes no connection, refuse clients
  std::vector<SharedToxic> toxics{};  // in force before the first connection
};

}  // namespace blackstart
