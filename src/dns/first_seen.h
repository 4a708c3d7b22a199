#pragma once

// Counts questions for each pair of client and name in bounded memory: behind `first: N`.

#include <array>
#include <cstdint>
#include <vector>

#include "blackstart/address.h"
#include "dns/name.h"

namespace blackstart::dns {

class FirstSeen {
 public:
  // Counts one question; how many of this pair there were with it. Pairs are told apart by a
  // 64-bit hash. When the pair's bucket is full, the pair in it that was longest unasked is
  // forgotten, and would begin at one again.
  std::uint32_t count(const Address& client, const NameKey& name);

  void clear();

 private:
  struct Slot {
    std::uint64_t pair = 0;
    std::uint32_t asked = 0;  // 0: free
    std::uint32_t last = 0;   // the tick of the last question
  };
  using Bucket = std::array<Slot, 8>;

  std::vector<Bucket> buckets_ =
      std::vector<Bucket>(limits::dns_first_pairs_max / std::tuple_size_v<Bucket>);
  std::uint32_t tick_ = 0;
};

static_assert((limits::dns_first_pairs_max & (limits::dns_first_pairs_max - 1)) == 0);

}  // namespace blackstart::dns
