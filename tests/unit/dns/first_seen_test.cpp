#include "dns/first_seen.h"

#include <gtest/gtest.h>

#include "support/dns_bytes.h"

namespace blackstart::dns {
namespace {

Address client_of(std::uint32_t number) {
  Address address;
  for (std::size_t i = 0; i < 4; ++i) {
    address.bytes[i] = static_cast<std::uint8_t>(number >> (8 * i) & 0xff);
  }
  return address;
}

TEST(FirstSeen, CountsEachPairByItself) {
  FirstSeen seen;
  const NameKey a{name_of("a.example")}, upper{name_of("A.EXAMPLE")}, b{name_of("b.example")};
  EXPECT_EQ(seen.count(client_of(1), a), 1u);
  EXPECT_EQ(seen.count(client_of(1), upper), 2u);
  EXPECT_EQ(seen.count(client_of(1), b), 1u);
  EXPECT_EQ(seen.count(client_of(2), a), 1u);
  Address v6 = client_of(1);
  v6.v6 = true;
  EXPECT_EQ(seen.count(v6, a), 1u);
  seen.clear();
  EXPECT_EQ(seen.count(client_of(1), a), 1u);
}

TEST(FirstSeen, RemembersMostPairsNearItsLimit) {
  FirstSeen seen;
  const NameKey name{name_of("a")};
  const auto half = static_cast<std::uint32_t>(limits::dns_first_pairs_max / 2);
  for (std::uint32_t i = 0; i < half; ++i) seen.count(client_of(i), name);
  std::uint32_t remembered = 0;
  for (std::uint32_t i = 0; i < half; ++i)
    remembered += seen.count(client_of(i), name) == 2 ? 1u : 0u;
  EXPECT_GT(remembered, half * 9 / 10);
}

TEST(FirstSeen, KeepsThoseWhoGoOnAsking) {
  FirstSeen seen;
  const NameKey name{name_of("a")};
  const Address regular = client_of(0xffffffff);
  std::uint32_t last = 0;
  for (std::uint32_t i = 0; i < 4 * limits::dns_first_pairs_max; ++i) {
    seen.count(client_of(i), name);
    if (i % 4'096 == 0) last = seen.count(regular, name);
  }
  EXPECT_EQ(last, 16u);
}

}  // namespace
}  // namespace blackstart::dns
