#pragma once

// Bytes on their way, and the queue that they wait in.

#include <cstddef>
#include <list>
#include <memory>
#include <span>

#include "blackstart/time.h"

namespace blackstart::toxic {

// A piece of a stream. Pieces of one chunk share its bytes.
class Chunk {
 public:
  static Chunk copy_of(std::span<const std::byte> bytes, RunTime at);

  std::span<const std::byte> bytes() const { return bytes_; }
  std::size_t size() const { return bytes_.size(); }

  // Cuts off the first `size` bytes, of which it must have more, and returns them.
  Chunk split(std::size_t size);
  void drop(std::size_t size) { bytes_ = bytes_.subspan(size); }

  RunTime at;  // when it came to where it is: by the deadlines before it, not by who was late

 private:
  std::shared_ptr<const std::byte[]> owner_;
  std::span<const std::byte> bytes_;
};

// First in, first out. An empty one holds no memory.
class ChunkQueue {
 public:
  bool empty() const { return chunks_.empty(); }
  std::size_t bytes() const { return bytes_; }
  std::size_t count() const { return chunks_.size(); }
  auto begin() const { return chunks_.begin(); }  // for writev(2)
  auto end() const { return chunks_.end(); }

  void push(Chunk chunk);
  const Chunk& front() const { return chunks_.front(); }
  Chunk pop() { return take(front().size()); }
  Chunk take(std::size_t size_most);  // of the first chunk
  void replace_front(Chunk chunk);
  void drop(std::size_t size);  // the first bytes, of as many chunks as they are in

 private:
  std::list<Chunk> chunks_;
  std::size_t bytes_ = 0;
};

}  // namespace blackstart::toxic
