#include "serve/flights.h"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

#include "dns/edit.h"
#include "support/dns_bytes.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

Transaction from_client(std::uint16_t id) {
  Transaction transaction;
  transaction.id = id;
  return transaction;
}

Flight& begin(Flights& flights, std::uint16_t id, Duration at = 0s) {
  return flights.begin(from_client(id), dns::question_bytes("a.example"), {at});
}

TEST(Flights, AreFoundBySocketAndIdTogether) {
  Flights flights{10};
  Flight& one = begin(flights, 1);
  Flight& two = begin(flights, 2);
  ASSERT_TRUE(flights.add_try(one, {.socket = 5, .id = 700}));
  ASSERT_TRUE(flights.add_try(two, {.socket = 6, .id = 700}));

  EXPECT_EQ(flights.find(5, 700), &one);
  EXPECT_EQ(flights.find(6, 700), &two);
  EXPECT_EQ(flights.find(5, 701), nullptr);
  EXPECT_EQ(flights.find(7, 700), nullptr);
}

TEST(Flights, NeverShareAnIdOnOneSocket) {
  Flights flights{10};
  Flight& one = begin(flights, 1);
  Flight& two = begin(flights, 2);
  ASSERT_TRUE(flights.add_try(one, {.socket = 5, .id = 700}));

  EXPECT_FALSE(flights.add_try(two, {.socket = 5, .id = 700}));

  EXPECT_EQ(two.try_count, 0u);
  EXPECT_EQ(flights.find(5, 700), &one);
}

TEST(Flights, CarryTheIdOfTheLatestTryAndAreFoundByEach) {
  Flights flights{10};
  Flight& flight = begin(flights, 1);
  ASSERT_TRUE(flights.add_try(flight, {.socket = 5, .id = 700, .server = 0}));
  EXPECT_EQ(dns::id_of(flight.question), 700);
  ASSERT_TRUE(flights.add_try(flight, {.socket = 9, .id = 701, .server = 1}));
  EXPECT_EQ(dns::id_of(flight.question), 701);

  EXPECT_EQ(flights.find(5, 700), &flight);
  EXPECT_EQ(flights.find(9, 701), &flight);
  EXPECT_EQ(flight.transaction.id, 1);
}

TEST(Flights, AreForgottenWithAllTheirTries) {
  Flights flights{10};
  Flight& flight = begin(flights, 1);
  ASSERT_TRUE(flights.add_try(flight, {.socket = 5, .id = 700}));
  ASSERT_TRUE(flights.add_try(flight, {.socket = 9, .id = 701}));

  flights.end(flight);

  EXPECT_TRUE(flights.empty());
  EXPECT_EQ(flights.find(5, 700), nullptr);
  EXPECT_EQ(flights.find(9, 701), nullptr);
}

TEST(Flights, StandInTheOrderInWhichTheyBegan) {
  Flights flights{10};
  Flight& first = begin(flights, 1, 1s);
  begin(flights, 2, 2s);
  begin(flights, 3, 3s);
  flights.end(first);
  begin(flights, 4, 4s);  // in the memory of the first

  std::vector<int> ids;
  for (const Flight& flight : flights.oldest_first()) ids.push_back(flight.transaction.id);
  EXPECT_EQ(ids, (std::vector{2, 3, 4}));
}

TEST(Flights, BeginCleanInUsedMemory) {
  Flights flights{10};
  Flight& used = begin(flights, 1);
  used.transaction.learn = true;
  used.transaction.original = {1, 2, 3};
  used.servers_asked = 2;
  ASSERT_TRUE(flights.add_try(used, {.socket = 5, .id = 700, .refused = true}));
  flights.end(used);

  const Flight& next = begin(flights, 2);

  EXPECT_EQ(next.try_count, 0u);
  EXPECT_EQ(next.servers_asked, 0u);
  EXPECT_FALSE(next.transaction.learn);
  EXPECT_TRUE(next.transaction.original.empty());
}

TEST(Flights, KnowWhenTheyAreFull) {
  Flights flights{2};
  Flight& one = begin(flights, 1);
  EXPECT_FALSE(flights.full());
  begin(flights, 2);
  EXPECT_TRUE(flights.full());
  flights.end(one);
  EXPECT_FALSE(flights.full());
}

}  // namespace
}  // namespace blackstart
