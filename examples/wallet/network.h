#pragma once

// The wires between the services: a bridge, and for each service a network namespace of its
// own that hangs on it.

#include <cstdint>
#include <string>
#include <string_view>

#include "netlink/link.h"
#include "sys/fd.h"

namespace wallet {

class Network {
 public:
  // Makes the bridge in the calling thread's network namespace, gives it `address` and brings
  // it up. Throws std::runtime_error where that namespace has any device besides the loopback:
  // it is no sandbox, and nothing was touched. Throws std::system_error for what the kernel
  // refuses.
  Network(std::string_view bridge, std::string_view address, std::uint8_t prefix_length);

  // A new network namespace whose loopback is up and whose device eth0 has `address` and leads
  // to the bridge; there its other end is "v-NAME". The namespace lives as long as the
  // descriptor or a process in it.
  blackstart::UniqueFd add_home(std::string_view name, std::string_view address);

 private:
  std::string bridge_;
  std::uint8_t prefix_length_;
  blackstart::netlink::RouteSocket links_;
};

}  // namespace wallet
