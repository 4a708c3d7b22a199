#include "dns/first_seen.h"

#include <algorithm>

#include "blackstart/random.h"

namespace blackstart::dns {
namespace {

std::uint64_t hash_of(const Address& client, const NameKey& name) {
  std::uint64_t hash = name.hash() + (client.v6 ? 1 : 0);
  for (const std::uint8_t byte : client.bytes) hash = (hash ^ byte) * 0x100000001b3;
  return Rng{hash}.next();  // FNV's low bits alone would fill some buckets before others
}

}  // namespace

std::uint32_t FirstSeen::count(const Address& client, const NameKey& name) {
  const std::uint64_t pair = hash_of(client, name);
  Bucket& bucket = buckets_[pair & (buckets_.size() - 1)];
  auto slot = std::ranges::find_if(
      bucket, [&](const Slot& one) { return one.asked > 0 && one.pair == pair; });
  if (slot == bucket.end()) {
    slot = std::ranges::min_element(bucket, {}, &Slot::last);
    *slot = {.pair = pair};
  }
  slot->last = ++tick_;
  if (slot->asked < ~std::uint32_t{0}) ++slot->asked;
  return slot->asked;
}

void FirstSeen::clear() {
  std::ranges::fill(buckets_, Bucket{});
  tick_ = 0;
}

}  // namespace blackstart::dns
