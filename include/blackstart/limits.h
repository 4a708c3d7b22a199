#pragma once

// Every bound of the product, and the assertion that defends them.

#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>

// Kept in release builds: a fault injector that has lost track of its own state must
// stop, not keep cutting cables. The owned tables make the crash safe.
#define BS_ASSERT(condition)                                                                 \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: broken invariant: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)

namespace blackstart::limits {

using namespace std::chrono_literals;

inline constexpr std::size_t scenario_bytes_max = 1 << 20;
inline constexpr std::size_t scenario_depth_max = 32;
inline constexpr std::size_t scenario_nodes_max = 100'000;  // after aliases are expanded
inline constexpr std::size_t diagnostics_max = 1'000;       // listed; the rest is counted
inline constexpr std::size_t timeline_entries_max = 1'000;
inline constexpr std::size_t probes_max = 1'000;
inline constexpr std::size_t targets_max = 1'000;
inline constexpr std::size_t repeats_max = 1'000;          // runs of a series
inline constexpr std::size_t ranges_bytes_max = 64 << 20;  // AWS's ip-ranges.json has 2 MiB

inline constexpr std::size_t dns_message_bytes_max = 65'535;  // RFC 1035, 4.2.2: two-byte length
inline constexpr std::size_t dns_udp_bytes_plain = 512;       // RFC 1035, 4.2.1: without EDNS
inline constexpr std::size_t dns_udp_bytes_max = 1'232;       // what we announce ourselves by EDNS
inline constexpr std::size_t dns_pointer_hops_max = 64;       // a compressed name cannot loop
inline constexpr std::size_t dns_name_bytes_max = 255;        // RFC 1035, 2.3.4
inline constexpr std::size_t dns_label_bytes_max = 63;
inline constexpr std::size_t dns_first_pairs_max = 16'384;  // client and name, for `first: N`
inline constexpr std::size_t dns_stale_answers_max = 1'024;
inline constexpr std::size_t dns_stale_answer_bytes_max = 4'096;  // of one; larger: not kept

inline constexpr std::size_t followed_addresses_max = 100'000;  // of one entry's names
inline constexpr std::size_t shaped_classes_max = 64;  // combinations of network faults, a way

inline constexpr std::chrono::milliseconds probe_interval_min{10};
inline constexpr std::size_t probe_in_flight_max = 64;  // of one probe; more fail as due
inline constexpr std::size_t probe_body_bytes_max = 1 << 20;
inline constexpr std::size_t evidence_bytes_max = 2'048;  // of one wrong answer, kept in full

inline constexpr std::size_t shaper_packets_max = 131'072;  // of a class; more are dropped, counted

inline constexpr std::chrono::milliseconds heartbeat_interval{1'000};
inline constexpr std::chrono::milliseconds heartbeat_timeout{3'000};  // then the kernel lifts
inline constexpr std::chrono::seconds confirm_within{10};  // a fault that may lock us out
inline constexpr std::chrono::milliseconds journal_flush_interval{1'000};
inline constexpr std::chrono::seconds stack_stop_grace{5};  // TERM, then KILL

static_assert(heartbeat_timeout >= 3 * heartbeat_interval);

}  // namespace blackstart::limits
