#pragma once

// The bounds of streams with toxics.

#include <cstddef>

namespace blackstart::limits {

inline constexpr std::size_t toxic_chunk_bytes = 32 << 10;     // of one read where toxics act
inline constexpr std::size_t toxic_held_bytes_max = 32 << 20;  // of one direction of a connection
inline constexpr std::size_t toxic_held_chunks_max = 1'024;
inline constexpr std::size_t toxic_ahead_bytes_max = 4 << 20;   // read ahead of a limited rate
inline constexpr std::size_t toxic_unwritten_bytes = 64 << 10;  // then reading pauses

}  // namespace blackstart::limits
