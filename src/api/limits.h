#pragma once

// The bounds of the API.

#include <chrono>
#include <cstddef>

namespace blackstart::limits {

inline constexpr std::size_t api_body_bytes_max = 16 << 20;
inline constexpr std::size_t api_header_bytes_max = 64 << 10;
inline constexpr std::size_t api_json_depth_max = 64;
inline constexpr std::size_t api_clients_max = 256;  // connections at a time

inline constexpr std::chrono::seconds api_read_within{15};   // a request, from its first byte
inline constexpr std::chrono::seconds api_write_within{30};  // an answer
inline constexpr std::chrono::seconds api_idle_within{60};   // between two requests
inline constexpr std::chrono::seconds api_drain_within{5};   // what is under way at the end

inline constexpr std::chrono::hours api_lease_max{24 * 365};

inline constexpr std::chrono::seconds api_holder_patience{1};  // shorter than a heartbeat's

}  // namespace blackstart::limits
