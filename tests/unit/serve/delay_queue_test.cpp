#include "serve/delay_queue.h"

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

std::vector<std::string> all_due(DelayQueue<std::string>& queue, Duration now) {
  std::vector<std::string> out;
  while (auto item = queue.pop_due({now})) out.push_back(*item);
  return out;
}

TEST(DelayQueue, GivesItemsOutByTheirInstantAndNotBefore) {
  DelayQueue<std::string> queue{10};
  ASSERT_TRUE(queue.push({3s}, "late"));
  ASSERT_TRUE(queue.push({1s}, "early"));
  ASSERT_TRUE(queue.push({2s}, "middle"));

  EXPECT_EQ(queue.next_due(), RunTime{1s});
  EXPECT_EQ(all_due(queue, 999ms), std::vector<std::string>{});
  EXPECT_EQ(all_due(queue, 2s), (std::vector<std::string>{"early", "middle"}));
  EXPECT_EQ(queue.next_due(), RunTime{3s});
  EXPECT_EQ(all_due(queue, 1h), std::vector<std::string>{"late"});
  EXPECT_EQ(queue.next_due(), std::nullopt);
}

TEST(DelayQueue, KeepsTheOrderOfThoseDueAtOnce) {
  DelayQueue<int> queue{100};
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(queue.push({1s}, i));
  for (int i = 0; i < 50; ++i) EXPECT_EQ(queue.pop_due({1s}), i);
}

TEST(DelayQueue, RefusesMoreThanItsLimitUntilOneHasLeft) {
  DelayQueue<int> queue{2};
  EXPECT_TRUE(queue.push({1s}, 1));
  EXPECT_TRUE(queue.push({2s}, 2));
  EXPECT_FALSE(queue.push({0s}, 3));
  EXPECT_EQ(queue.size(), 2u);

  EXPECT_EQ(queue.pop_due({1s}), 1);
  EXPECT_TRUE(queue.push({3s}, 4));
}

TEST(DelayQueue, TakesItemsThatCanOnlyBeMoved) {
  DelayQueue<std::unique_ptr<int>> queue{2};
  ASSERT_TRUE(queue.push({1s}, std::make_unique<int>(7)));

  const auto item = queue.pop_due({1s});

  ASSERT_TRUE(item && *item);
  EXPECT_EQ(**item, 7);
}

}  // namespace
}  // namespace blackstart
