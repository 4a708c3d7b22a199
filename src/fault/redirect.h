#pragma once

// The rules that bring questions to the resolver without touching any application.
//
// A NAT redirect outlives its table: conntrack remembers the flow. So questions by UDP are moved
// into a conntrack zone of their own before conntrack sees them. Sockets already in use are
// unknown in that zone and are redirected at once; without the rule their packets are back in
// zone 0, where no redirect was ever recorded. Answers of the resolver must go through the zone
// too, and do until the table goes, so that those in flight at a lift still arrive. TCP stays in
// zone 0: an established flow would be picked up in mid-stream; NAT takes only new connections.

#include <cstdint>
#include <optional>

#include "blackstart/limits.h"
#include "fault/compiler.h"
#include "netlink/ruleset.h"

namespace blackstart {

inline constexpr const char* kDnsArmedSet = "armed_dns";          // while a dns entry is in force
inline constexpr const char* kAnswersArmedSet = "armed_answers";  // until release

// Where the resolver listens on loopback; a family without a port is not redirected.
struct DnsPorts {
  std::optional<std::uint16_t> v4;  // of 127.0.0.1
  std::optional<std::uint16_t> v6;  // of ::1
};

struct RedirectOptions {
  DnsPorts ports;
  MarkBits marks;
  std::uint16_t zone = 47'653;
  // Questions of this user are never redirected: a local forwarder that is our upstream.
  std::optional<std::uint32_t> exempt_uid;
};

// Adds the chains, sets and rules to the inet table (which is made where there is none).
void add_dns_redirect(netlink::Ruleset& ruleset, const RedirectOptions& options);

}  // namespace blackstart
