#include "toxic/chunk.h"

#include <algorithm>
#include <utility>

#include "blackstart/limits.h"

namespace blackstart::toxic {

Chunk Chunk::copy_of(std::span<const std::byte> bytes, RunTime at) {
  Chunk chunk;
  chunk.at = at;
  if (bytes.empty()) return chunk;
  auto copy = std::make_shared_for_overwrite<std::byte[]>(bytes.size());
  std::copy_n(bytes.data(), bytes.size(), copy.get());
  chunk.bytes_ = {copy.get(), bytes.size()};
  chunk.owner_ = std::move(copy);
  return chunk;
}

Chunk Chunk::split(std::size_t size) {
  BS_ASSERT(size < bytes_.size());
  Chunk first{*this};
  first.bytes_ = bytes_.first(size);
  drop(size);
  return first;
}

void ChunkQueue::push(Chunk chunk) {
  bytes_ += chunk.size();
  chunks_.push_back(std::move(chunk));
}

Chunk ChunkQueue::take(std::size_t size_most) {
  BS_ASSERT(!chunks_.empty());
  Chunk& first = chunks_.front();
  bytes_ -= std::min(size_most, first.size());
  if (size_most < first.size()) return first.split(size_most);
  Chunk taken = std::move(first);
  chunks_.pop_front();
  return taken;
}

void ChunkQueue::replace_front(Chunk chunk) {
  bytes_ = bytes_ - chunks_.front().size() + chunk.size();
  chunks_.front() = std::move(chunk);
}

void ChunkQueue::drop(std::size_t size) {
  BS_ASSERT(size <= bytes_);
  while (size > 0) size -= take(size).size();
}

}  // namespace blackstart::toxic
