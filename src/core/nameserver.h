#pragma once

// A resolver to ask, as resolv.conf(5) names one.

#include <string>
#include <utility>

#include "blackstart/address.h"

namespace blackstart {

struct Nameserver {
  Nameserver() = default;
  // Not explicit: where no link-local address is meant, an endpoint says it all.
  Nameserver(Endpoint at) : endpoint{at} {}  // NOLINT(google-explicit-constructor)
  Nameserver(Endpoint at, std::string through) : endpoint{at}, interface { std::move(through) } {
  }

  Endpoint endpoint;
  std::string interface;  // the scope of a link-local address: a name or an index; else empty

  bool operator==(const Nameserver&) const = default;
};

}  // namespace blackstart
