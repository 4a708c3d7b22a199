#pragma once

// The queueing discipline at the root of a device of ours (link.h says how those are called):
// what becomes of the packets that are sent there.
//
// Whatever changes one asserts that the device is ours. All throw std::system_error, with the
// kernel's words, where it refuses or the device is not there.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "blackstart/units.h"
#include "core/impairment.h"
#include "netlink/link.h"

namespace blackstart::netlink {

// The kind at the root of a device: "noqueue", "blackhole"; empty where it has none.
std::string root_qdisc(RouteSocket& route, std::string_view device);

// Puts `blackhole` at the root of `device`: from then on whatever is sent to it vanishes, and
// no sender is told. In every kernel with traffic control.
void set_blackhole(RouteSocket& route, std::string_view device);

// Puts `pfifo` at the root of `device`, which is up. What is new may swallow packets for up to a
// second after its carrier came, until the kernel gets to giving it a queue; this does so at once.
void set_fifo(RouteSocket& route, std::string_view device);

// Puts netem at the root of `device`, or changes the one that is there, which goes on holding
// its packets. `limit_packets` from netem_limit(); see netlink/netem.h for both.
void set_netem(RouteSocket& route, std::string_view device, const Impairment& impairment,
               std::uint32_t limit_packets);

// Limits what leaves `device` to `rate`, counted in whole frames with their Ethernet headers,
// without netem: an HTB class, behind which 1,000 packets wait. Changed in place where one is
// there. It lets 10 ms worth of bytes through at once after a silence; a packet of any size
// passes when the debt of the one before is paid, so loopback's 64 KiB are no special case.
// (A TBF drops or cuts what is bigger than its burst, and a burst for loopback is half a
// second of 1 Mbit/s.) Linux takes 8 bit/s and more.
void set_rate(RouteSocket& route, std::string_view device, Bandwidth rate);

// What the root of a device has counted since it was put there.
struct QdiscCounts {
  std::uint64_t bytes = 0, packets = 0;  // that left
  std::uint32_t dropped = 0, overlimits = 0;
  std::uint32_t backlog_bytes = 0, queued = 0;  // waiting now: bytes, packets

  bool operator==(const QdiscCounts&) const = default;
};

// nullopt where the device has no root. Any device: reading changes nothing.
std::optional<QdiscCounts> root_counts(RouteSocket& route, std::string_view device);

}  // namespace blackstart::netlink
