#pragma once

// Things that wait for their instant, bounded.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

#include "blackstart/time.h"

namespace blackstart {

// A heap by due time; equal times leave in the order they came. Not thread-safe.
template <class Item>
class DelayQueue {
 public:
  explicit DelayQueue(std::size_t most) : most_{most} {}

  // False when full; then `item` is not taken.
  bool push(RunTime due, Item item) {
    if (heap_.size() >= most_) return false;
    heap_.push_back({due, next_++, std::move(item)});
    std::ranges::push_heap(heap_, later);
    return true;
  }

  std::optional<RunTime> next_due() const {
    if (heap_.empty()) return std::nullopt;
    return heap_.front().due;
  }

  // The first item that is due by `now`; nullopt when none is.
  std::optional<Item> pop_due(RunTime now) {
    if (heap_.empty() || heap_.front().due > now) return std::nullopt;
    std::ranges::pop_heap(heap_, later);
    std::optional<Item> out{std::move(heap_.back().item)};
    heap_.pop_back();
    return out;
  }

  std::size_t size() const { return heap_.size(); }

 private:
  struct Held {
    RunTime due;
    std::uint64_t order;
    Item item;
  };

  static bool later(const Held& a, const Held& b) {
    return std::tie(a.due, a.order) > std::tie(b.due, b.order);
  }

  std::size_t most_;
  std::uint64_t next_ = 0;
  std::vector<Held> heap_;
};

}  // namespace blackstart
