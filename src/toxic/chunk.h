#pragma once

// Bytes on their way, and the queue that they wait in.

#include <cstddef>
#include <memory>
#include <span>

#include "blackstart/time.h"

namespace blackstart::toxic {

// A piece of a stream. Pieces of one chunk share its bytes.
class Chunk {
 public:
  static Chunk copy_of(std::span<const std::byte> bytes, RunTime at);

  std::span<const std::byte> bytes() const;
  std::size_t size() const;

  // Cuts off the first `size` bytes, which must be fewer than it has, and returns them.
  Chunk split(std::size_t size);
  void drop(std::size_t size);

  RunTime at;  // when it came to where it is: by the deadlines before it, not by who was late
};

// First in, first out. An empty one holds no memory.
class ChunkQueue {
 public:
  bool empty() const;
  std::size_t bytes() const;
  std::size_t count() const;
  void push(Chunk chunk);
  Chunk& front();
  Chunk pop();
};

}  // namespace blackstart::toxic
