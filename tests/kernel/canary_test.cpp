// What canaries tell of a device.

#include "fault/canary.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "fault/devices.h"
#include "netlink/qdisc.h"
#include "support/fault_lab.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;

class CanaryTest : public FaultLab {
 protected:
  void SetUp() override {
    FaultLab::SetUp();
    if (IsSkipped()) return;
    make_ifb(route_.emplace(), "bs3");
    route_->set_up("bs3");
  }
  netlink::RouteSocket& route() { return *route_; }

  // Until as many as `sent` are known to have come out or to be lost.
  static Canary::Figures settled(Canary& canary, std::uint64_t sent) {
    Canary::Figures seen = canary.figures();
    for (int tries = 0; tries < 100 && seen.timed + seen.lost < sent; ++tries) {
      ::poll(nullptr, 0, 20);
      seen = canary.figures();
    }
    return seen;
  }

 private:
  std::optional<netlink::RouteSocket> route_;
};

TEST_F(CanaryTest, ComesOutOfADeviceThatHoldsNothing) {
  Canary canary{"bs3"};
  for (int i = 0; i < 10; ++i) canary.send(1ms);
  const Canary::Figures seen = settled(canary, 10);
  EXPECT_EQ(seen.timed, 10u);
  EXPECT_EQ(seen.lost, 0u);
  EXPECT_EQ(seen.asked, 10ms);
  EXPECT_LT(seen.added, 10 * 20ms);
}

TEST_F(CanaryTest, IsMissedWhereEverythingIsSwallowed) {
  netlink::set_blackhole(route(), "bs3");
  Canary canary{"bs3"};
  for (int i = 0; i < 3; ++i) canary.send(1ms);
  const Canary::Figures seen = settled(canary, 3);
  EXPECT_EQ(seen.timed, 0u);
  EXPECT_EQ(seen.lost, 3u);
}

TEST_F(CanaryTest, SaysThatThereIsNoSuchDevice) { EXPECT_THROW(Canary{"bs9"}, std::system_error); }

}  // namespace
}  // namespace blackstart::test
