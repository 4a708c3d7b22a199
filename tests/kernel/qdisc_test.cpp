// What the roots of our devices do to packets, with tc as the witness of what was set.
// covers netlink/netem

#include "netlink/qdisc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "netlink/netem.h"
#include "netlink/nft_owner.h"
#include "support/kernel_test.h"
#include "support/udp.h"
#include "sys/clock.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kDevice = "bs3";

// Loopback, and a device of ours through which UDP from `sender` to `receiver` passes.
class QdiscTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    loopback_up();
    // A device that can speak IPv6 sends packets of its own, which would be counted.
    shell("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
    route.emplace();
    route->create(kDevice, "ifb");
    route->set_up(kDevice);
    sender.emplace();
    receiver.emplace();
    owner.emplace();
  }

  void pass_through_device() {
    const std::uint16_t port = receiver->port();
    Rule rule{
        {MatchL4{{L4::udp}}, MatchPort{Side::destination, {{port, port}}}, ForwardTo{kDevice}}, ""};
    Chain chain{"c", BaseChain{ChainType::filter, Hook::egress, 0, {"lo"}}, {std::move(rule)}};
    owner->load({{Table{.family = Family::netdev, .chains = {std::move(chain)}}}});
  }

  void send(int count) {
    for (int i = 0; i < count; ++i) ASSERT_EQ(sender->send("127.0.0.1", receiver->port()), 0);
  }

  int received(std::chrono::milliseconds patience) {
    int count = 0;
    while (receiver->receives(patience)) ++count;
    return count;
  }

  QdiscCounts counts() { return root_counts(*route, kDevice).value(); }

  // As tc shows the root, but for its handle, which is drawn by the kernel.
  static std::string shown() {
    return shell(std::string{"tc -d qdisc show dev "} + kDevice + " root | sed 's/ [0-9a-f]*://'")
        .output;
  }

  std::optional<RouteSocket> route;
  std::optional<UdpSocket> sender, receiver;
  std::optional<NftOwner> owner;
};

TEST_F(QdiscTest, ARateIsAClassWithAQueueOfItsOwn) {
  set_rate(*route, kDevice, Bandwidth{50'000'000});
  EXPECT_EQ(root_qdisc(*route, kDevice), "htb");
  EXPECT_THAT(shell("tc class show dev bs3").output, HasSubstr("rate 50Mbit ceil 50Mbit"));
  EXPECT_THAT(shell("tc qdisc show dev bs3").output, HasSubstr("limit 1000p"));
  set_rate(*route, kDevice, Bandwidth{80'000'000'000});
  EXPECT_THAT(shell("tc class show dev bs3").output, HasSubstr("rate 80Gbit ceil 80Gbit"));
  set_rate(*route, kDevice, Bandwidth{9'000});
  EXPECT_THAT(shell("tc class show dev bs3").output, HasSubstr("rate 9Kbit ceil 9Kbit"));
}

TEST_F(QdiscTest, AChangedRateKeepsWhatWaitsAndLetsItGo) {
  set_rate(*route, kDevice, Bandwidth{400});  // a packet of 43 bytes in 0.86 s
  pass_through_device();
  send(20);
  const QdiscCounts full = counts();
  EXPECT_GE(full.queued, 15u);
  EXPECT_EQ(full.backlog_bytes, full.queued * 43);
  set_rate(*route, kDevice, Bandwidth{1'000'000'000});
  EXPECT_EQ(counts().dropped, 0u);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(receiver->receives(5s)) << i;
  EXPECT_EQ(counts().queued, 0u);
}

// As big as loopback's get, and bigger than 10 ms of the rate: a TBF would drop it.
TEST_F(QdiscTest, ARateLetsTheBiggestPacketsThrough) {
  set_rate(*route, kDevice, Bandwidth{10'000'000});
  pass_through_device();
  const std::string big(65'000, 'x');
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(receiver->port());
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(::sendto(sender->fd(), big.data(), big.size(), 0,
                       reinterpret_cast<const sockaddr*>(&to), sizeof to),
              65'000);
  }
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(receiver->receives(5s)) << i;
  EXPECT_EQ(counts().bytes, 3u * 65'042);
}

TEST_F(QdiscTest, CountsWhatPasses) {
  set_rate(*route, kDevice, Bandwidth{1'000'000'000});
  EXPECT_EQ(counts(), QdiscCounts{});
  pass_through_device();
  send(10);
  EXPECT_EQ(received(200ms), 10);
  EXPECT_EQ(counts().packets, 10u);
  EXPECT_EQ(counts().bytes, 430u) << "Ethernet, IPv4, UDP and one byte";
  EXPECT_EQ(counts().dropped, 0u);
  set_blackhole(*route, kDevice);
  send(5);
  EXPECT_EQ(received(50ms), 0);
  EXPECT_EQ(counts().dropped, 5u);
}

TEST_F(QdiscTest, SaysThatADeviceHasNoRoot) {
  route->create("bs4", "ifb");
  EXPECT_EQ(root_counts(*route, "bs4"), std::nullopt) << "not switched on yet";
  EXPECT_THROW(root_counts(*route, "bs9"), std::system_error);
  EXPECT_THROW(set_rate(*route, "bs9", Bandwidth{1'000}), std::system_error);
}

TEST_F(QdiscTest, ChangesNoDeviceThatIsNotOurs) {
  shell(
      "ip link add v1 type veth peer name v2; ip link set v1 up; ip link set v2 up;"
      "tc qdisc add dev v1 root handle 7: htb default 1;"
      "tc class add dev v1 parent 7: classid 7:1 htb rate 5mbit;"
      "tc qdisc add dev v1 parent 7:1 handle 8: tbf rate 1mbit burst 9000 limit 9999");
  const std::string look =
      "tc -d qdisc show dev v1; tc -d class show dev v1; tc qdisc show dev v2; tc qdisc show dev "
      "lo";
  const std::string before = shell(look).output;
  EXPECT_THAT(before, HasSubstr("tbf 8:"));
  set_blackhole(*route, kDevice);
  set_rate(*route, kDevice, Bandwidth{1'000'000});
  set_rate(*route, kDevice, Bandwidth{2'000'000});
  try {
    set_netem(*route, kDevice, {}, 1'000);
  } catch (const std::system_error&) {  // a kernel without netem
  }
  EXPECT_EQ(shell(look).output, before);
}

using QdiscDeathTest = QdiscTest;

TEST_F(QdiscDeathTest, RefusesADeviceThatIsNotOurs) {
  for (const char* name : {"lo", "bs", "bsx", "bs1x", "eth0"}) {
    EXPECT_DEATH(set_rate(*route, name, Bandwidth{1'000}), "broken invariant");
    EXPECT_DEATH(set_netem(*route, name, {}, 1'000), "broken invariant");
    EXPECT_DEATH(set_blackhole(*route, name), "broken invariant");
  }
}

class NetemTest : public QdiscTest {
 protected:
  void SetUp() override {
    QdiscTest::SetUp();
    if (IsSkipped() || HasFatalFailure()) return;
    try {
      set_netem(*route, kDevice, {}, 1'000);
    } catch (const std::system_error&) {
      skip_on_this_kernel("netem");
    }
  }
};

Impairment everything() {
  Impairment all;
  all.delay = 6s;
  all.jitter = 10ms;
  all.distribution = Distribution::paretonormal;
  all.loss = 0.2;
  all.burst = 4.0;
  all.duplicate = 0.02;
  all.reorder = 0.25;
  all.corrupt = 0.01;
  all.rate = Bandwidth{5'000'000};
  return all;
}

Impairment delayed(Duration delay) {
  Impairment out;
  out.delay = delay;
  return out;
}

TEST_F(NetemTest, TcShowsWhatWasAsked) {
  set_netem(*route, kDevice, everything(), 1'234);
  EXPECT_THAT(shown(), AllOf(HasSubstr("limit 1234"), HasSubstr("delay 6s  10ms"),
                             HasSubstr("loss gemodel p 6.25% r 25% 1-h 100% 1-k 0%"),
                             HasSubstr("duplicate 2%"), HasSubstr("reorder 25%"),
                             HasSubstr("corrupt 1%"), HasSubstr("rate 5Mbit"), HasSubstr("gap 1")));
  Impairment single;
  single.loss = 0.3;
  single.rate = Bandwidth{80'000'000'000};
  set_netem(*route, kDevice, single, 1'000);
  EXPECT_THAT(shown(), AllOf(HasSubstr("loss 30%"), HasSubstr("rate 80Gbit")));
}

TEST_F(NetemTest, AChangeLeavesNothingOfWhatWasThere) {
  set_netem(*route, kDevice, delayed(1ms), 1'000);
  const std::string fresh = shown();
  set_netem(*route, kDevice, everything(), 1'234);
  EXPECT_NE(shown(), fresh);
  set_netem(*route, kDevice, delayed(1ms), 1'000);
  EXPECT_EQ(shown(), fresh);
}

// tc does not show tables. A sixth of a bell's delays are shorter than the mean by more than
// the jitter; none of the uniform ones is.
TEST_F(NetemTest, AChangeToUniformLeavesNothingOfTheBell) {
  Impairment spread = delayed(400ms);
  spread.jitter = 100ms;
  set_netem(*route, kDevice, spread, 1'000);
  spread.distribution = Distribution::uniform;
  set_netem(*route, kDevice, spread, 1'000);
  pass_through_device();
  const MonotonicClock clock;
  send(100);
  ASSERT_TRUE(receiver->receives(5s));
  EXPECT_GE(clock.now().since_start, 300ms);
  EXPECT_EQ(received(1s), 99);
}

TEST_F(NetemTest, AChangeKeepsWhatIsHeldAndItsTime) {
  set_netem(*route, kDevice, delayed(1s), 1'000);
  pass_through_device();
  const MonotonicClock clock;
  send(3);
  EXPECT_EQ(counts().queued, 3u);
  Impairment nothing_passes;
  nothing_passes.loss = 1.0;
  set_netem(*route, kDevice, nothing_passes, 1'000);
  EXPECT_EQ(counts().queued, 3u);
  send(7);
  EXPECT_EQ(counts().dropped, 7u);
  ASSERT_TRUE(receiver->receives(5s));
  EXPECT_GE(clock.now().since_start, 1s);
  EXPECT_EQ(received(1s), 2);
}

TEST_F(NetemTest, LosesTheShareThatWasAskedAndThenNoMore) {
  Impairment lossy;
  lossy.loss = 0.3;
  for (const double burst : {1.0, 4.0}) {
    lossy.burst = burst;
    set_blackhole(*route, kDevice);  // begins the count anew
    set_netem(*route, kDevice, lossy, netem_limit(lossy));
    pass_through_device();
    send(5'000);
    // Five standard deviations: a burst is drawn once and so counts its length.
    const double share = counts().dropped / 5'000.0;
    EXPECT_NEAR(share, 0.3, burst > 1.0 ? 0.09 : 0.033) << "in bursts of " << burst;
  }
  const auto dropped = counts().dropped;
  set_netem(*route, kDevice, {}, 1'000);
  send(500);
  EXPECT_EQ(counts().dropped, dropped);
}

TEST_F(NetemTest, SeveralDevicesHaveTheirOwn) {
  route->create("bs4", "ifb");
  set_netem(*route, "bs4", delayed(7ms), 1'000);
  set_netem(*route, kDevice, delayed(9ms), 1'000);
  EXPECT_THAT(shown(), HasSubstr("delay 9ms"));
  EXPECT_THAT(shell("tc qdisc show dev bs4").output, HasSubstr("delay 7ms"));
}

}  // namespace
}  // namespace blackstart::netlink
