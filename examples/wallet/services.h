#pragma once

// Who is in the demo's world, where, and with which command line.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "options.h"

namespace wallet {

// The bridge that joins all services, in the network namespace that the launcher is started
// in. Its address is also their name server: Blackstart's resolver, once a run is on.
inline constexpr std::string_view kBridge = "stack0";
inline constexpr std::string_view kBridgeAddress = "10.77.0.1";
inline constexpr std::uint8_t kPrefixLength = 24;

struct ServiceSpec {
  std::string name;                    // "rpc-east"; its device on the bridge is "v-" and this
  std::string address;                 // of its only device, besides the loopback
  std::uint16_t port;                  // TCP, for clients and to see that it is up
  std::vector<std::string> arguments;  // of this program
};

std::vector<ServiceSpec> all_services();

}  // namespace wallet
