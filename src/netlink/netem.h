#pragma once

// What netem is told: the kernel's network emulator, as the message that sets it up.

#include <cstdint>

#include "core/impairment.h"
#include "netlink/message.h"

namespace blackstart::netlink {

// How many packets netem must be able to hold so that it loses none but those that it is asked
// to lose: what the rate (10 Gbit/s where there is none) brings in full packets of 1,514 bytes
// during the longest delay, delay + 4 · jitter, and 1,000 that wait for the rate, which is the
// kernel's own default. Packets that the sender left whole for the device to cut (GSO, and all
// of loopback's) count as one. At most 1,000,000, a gigabyte or two: what a sender must leave
// unacknowledged to reach it is more than Linux lets a TCP connection have.
std::uint32_t netem_limit(const Impairment& impairment);

// Netem at the root of an interface. Where a netem is there already it is changed and keeps
// the packets that it holds, and their times; anything else is replaced.
//
// Every value is written, since a change leaves alone what it does not name (Linux 6.1,
// netem_change(): the table of delays, reordering, corruption and rate are kept, only a model
// of loss is not). Jitter is cut off at 2.147 s by the kernel. Bursts begin in the good state
// after each change. Losses without bursts are drawn one by one, as is a loss of everything.
Bytes netem_message(std::uint32_t interface, const Impairment& impairment,
                    std::uint32_t limit_packets);

}  // namespace blackstart::netlink
