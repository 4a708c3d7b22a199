#pragma once

// A test of what comes in through a shaped link, in whichever way this kernel can queue.

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "support/kernel_test.h"
#include "support/shaped_link.h"

namespace blackstart::test {

inline constexpr std::chrono::milliseconds kQuiet{400};  // nothing for so long: no more comes

class ShapedTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    const auto via = queue_via();
    if (!via) return skip("this kernel can queue to user space in no way");
    via_ = *via;
    link_.emplace();
  }
  void TearDown() override {
    owner_.reset();
    link_.reset();
    KernelTest::TearDown();
  }

  // From here on what comes in by v1 is queued.
  void begin() {
    owner_.emplace();
    owner_->load(ShapedLink::rules(via_));
  }

  netlink::QueueTo::Via via_{};
  std::optional<ShapedLink> link_;
  std::optional<netlink::NftOwner> owner_;
};

inline std::set<std::uint32_t> numbers(const std::vector<Arrival>& arrivals) {
  std::set<std::uint32_t> out;
  for (const Arrival& arrival : arrivals) out.insert(arrival.number);
  return out;
}

inline bool is_bound(std::uint16_t queue) {
  std::ifstream file{"/proc/thread-self/net/netfilter/nfnetlink_queue"};
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    if (std::istringstream{line} >> number && number == queue) return true;
  }
  return false;
}

}  // namespace blackstart::test
