// Packets that the kernel hands to us, and what becomes of them.

#include "netlink/nfqueue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "support/shaped_test.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using netlink::NfQueue;
using test::kQuiet;
using test::kShapedQueue;
using test::numbers;
using test::StampedFlow;

class NfQueueTest : public test::ShapedTest {};

TEST_F(NfQueueTest, HandsOverPacketsAndActsOnVerdicts) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  NfQueue queue{kShapedQueue, {.payload = true}};
  begin();
  for (int i = 0; i < 4; ++i) flow.send();
  EXPECT_FALSE(flow.receive(20ms)) << "nobody has let it pass";
  netlink::QueueInbox inbox;
  const auto packets = queue.receive(inbox);
  ASSERT_EQ(packets.size(), 4u);
  for (std::uint32_t i = 0; i < 4; ++i) {
    EXPECT_EQ(packets[i].id, i + 1);
    EXPECT_EQ(packets[i].bytes, 20u + 8u + 16u);
    EXPECT_EQ(packets[i].payload.size(), packets[i].bytes);
    EXPECT_NE(packets[i].interface, 0u);
    EXPECT_FALSE(packets[i].v6);
  }
  netlink::Bytes changed{packets[3].payload.begin(), packets[3].payload.end()};
  std::fill(changed.begin() + 26, changed.begin() + 28, std::byte{});  // UDP: no checksum
  changed[28] = std::byte{77};                                         // the stamp's number
  queue.drop(3);
  queue.accept_changed(4, changed);
  queue.accept_up_to(2);
  queue.accept(999);  // of a packet that is not there
  queue.flush();
  EXPECT_EQ(numbers(flow.drain(kQuiet)), (std::set<std::uint32_t>{0, 1, 77}));
  EXPECT_TRUE(queue.receive(inbox).empty()) << "the refusal of a verdict is no packet";
  EXPECT_EQ(queue.missed(), 0u);
}

TEST_F(NfQueueTest, WhatDoesNotFitPassesAtOnce) {
  StampedFlow flow{*link_};
  ASSERT_TRUE(flow.warm_up());
  NfQueue queue{kShapedQueue, {.packets_max = 5}};
  begin();
  for (int i = 0; i < 20; ++i) flow.send();
  EXPECT_EQ(flow.drain(kQuiet).size(), 15u);
  netlink::QueueInbox inbox;
  EXPECT_EQ(queue.receive(inbox).size(), 5u);
  queue.change({.packets_max = 0});
  queue.accept_up_to(5);
  queue.flush();
  for (int i = 0; i < 3; ++i) flow.send();
  EXPECT_EQ(flow.drain(kQuiet).size(), 8u) << "held at once again, though nothing may be held";
}

TEST_F(NfQueueTest, AQueueIsOneProcesssAlone) {
  const NfQueue queue{kShapedQueue, {}};
  EXPECT_THROW((NfQueue{kShapedQueue, {}}), std::system_error);
}

}  // namespace
}  // namespace blackstart
