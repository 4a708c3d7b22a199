#include "toxic/chunk.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace blackstart::toxic {
namespace {

using namespace std::chrono_literals;

Chunk chunk_of(std::string_view text, Duration at = {}) {
  return Chunk::copy_of(std::as_bytes(std::span{text}), {at});
}

std::string text_of(const Chunk& chunk) {
  return {reinterpret_cast<const char*>(chunk.bytes().data()), chunk.size()};
}

TEST(Chunk, HasACopyOfItsBytes) {
  std::string text = "hello";
  const Chunk chunk = chunk_of(text, 3s);
  text = "other";
  EXPECT_EQ(text_of(chunk), "hello");
  EXPECT_EQ(chunk.at, RunTime{3s});
}

TEST(Chunk, SplitsWithoutCopying) {
  Chunk rest = chunk_of("hello world", 3s);
  const auto* bytes = rest.bytes().data();

  const Chunk first = rest.split(5);

  EXPECT_EQ(text_of(first), "hello");
  EXPECT_EQ(text_of(rest), " world");
  EXPECT_EQ(first.bytes().data(), bytes);
  EXPECT_EQ(rest.bytes().data(), bytes + 5);
  EXPECT_EQ(first.at, RunTime{3s});
}

TEST(Chunk, APieceOutlivesTheRest) {
  Chunk first;
  {
    Chunk rest = chunk_of("hello world");
    first = rest.split(5);
  }
  EXPECT_EQ(text_of(first), "hello");
}

TEST(ChunkQueue, KeepsOrderAndCount) {
  ChunkQueue queue;
  queue.push(chunk_of("one"));
  queue.push(chunk_of("three"));
  EXPECT_EQ(queue.count(), 2u);
  EXPECT_EQ(queue.bytes(), 8u);

  EXPECT_EQ(text_of(queue.take(2)), "on");
  EXPECT_EQ(queue.bytes(), 6u);
  EXPECT_EQ(text_of(queue.take(5)), "e");
  EXPECT_EQ(text_of(queue.pop()), "three");
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.bytes(), 0u);
}

TEST(ChunkQueue, DropsAcrossChunks) {
  ChunkQueue queue;
  for (const char* text : {"one", "two", "three"}) queue.push(chunk_of(text));

  queue.drop(4);
  EXPECT_EQ(text_of(queue.front()), "wo");
  EXPECT_EQ(queue.bytes(), 7u);
  queue.drop(7);
  EXPECT_TRUE(queue.empty());
}

TEST(ChunkQueue, TheEndIsAnEmptyChunkInTheRow) {
  ChunkQueue queue;
  queue.push(chunk_of("one"));
  queue.push(chunk_of("", 2s));

  EXPECT_EQ(text_of(queue.take(100)), "one");
  EXPECT_FALSE(queue.empty());
  EXPECT_EQ(queue.take(100).at, RunTime{2s});
  EXPECT_TRUE(queue.empty());
}

TEST(ChunkQueue, TheFirstCanBeReplacedByALongerOne) {
  ChunkQueue queue;
  queue.push(chunk_of("one"));
  queue.push(chunk_of("two"));
  queue.replace_front(chunk_of("three"));
  EXPECT_EQ(queue.bytes(), 8u);
  EXPECT_EQ(text_of(queue.pop()), "three");
}

}  // namespace
}  // namespace blackstart::toxic
