// Devices of our own, and what becomes of packets that are sent into one that swallows.
// covers netlink/qdisc
// covers netlink/message

#include "netlink/link.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "netlink/nft_owner.h"
#include "netlink/qdisc.h"
#include "support/kernel_test.h"
#include "support/rulesets.h"
#include "support/udp.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t kPort = 9'999;

class LinkTest : public KernelTest {};

Address v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return prefix({a, b, c, d}, 32).address;
}

// This namespace has v1 with 10.0.0.1, the other v2 with 10.0.0.2, and they reach each other.
void join_by_veth(const OtherNetns& other) {
  RouteSocket here;
  here.set_up("lo");
  here.create_veth("v1", "v2", other.fd().get());
  here.add_address("v1", v4(10, 0, 0, 1), 24);
  here.set_up("v1");
  const NetnsGuard guard{other.fd()};
  RouteSocket there;
  there.set_up("lo");
  there.add_address("v2", v4(10, 0, 0, 2), 24);
  there.set_up("v2");
}

UdpSocket socket_in(const OtherNetns& other, const char* address, std::uint16_t port) {
  const NetnsGuard guard{other.fd()};
  return UdpSocket{address, port};
}

// `hook` of v1, while armed: what goes to or comes from 10.0.0.0/24 meets `verdict`.
Ruleset at_v1(Hook hook, Side side, Expression verdict) {
  Rule rule{{MatchProtocolSet{"armed"}, MatchPrefix{side, prefix({10, 0, 0, 0}, 24)}, Count{"hits"},
             std::move(verdict)},
            ""};
  Chain chain{"c", BaseChain{ChainType::filter, hook, 0, {"v1"}}, {std::move(rule)}};
  return {{Table{.family = Family::netdev,
                 .counters = {{"hits"}},
                 .sets = {armed_set("armed")},
                 .chains = {std::move(chain)}}}};
}

// Sends until a packet arrives: the kernel takes up to a second to notice that a new link is
// ready, and both ends must learn each other's hardware address.
bool get_through(const UdpSocket& sender, const char* address, const UdpSocket& receiver) {
  for (int i = 0; i < 40; ++i) {
    sender.send(address, receiver.port());
    if (receiver.receives(50ms)) {
      while (receiver.receives(0ms)) {
      }
      return true;
    }
  }
  return false;
}

const std::vector<SetArm> kOn{{Family::netdev, "armed", true}};

TEST_F(LinkTest, MakesFindsAndRemovesDevices) {
  RouteSocket route;
  const std::vector<Link> before = route.links();
  EXPECT_EQ(route.find_link("bs0"), std::nullopt);
  const HardwareAddress given{0x62, 1, 2, 3, 4, 5}, of_peer{0x62, 1, 2, 3, 4, 6};
  route.create("bs0", "ifb", given);
  route.create_veth("bs1", "bs3", -1, given, of_peer);
  route.create("bs2", "bridge");
  const auto ifb = route.find_link("bs0");
  ASSERT_TRUE(ifb);
  EXPECT_EQ(ifb->kind, "ifb");
  EXPECT_FALSE(ifb->up);
  EXPECT_FALSE(ifb->loopback);
  for (const char* name : {"bs0", "bs1"}) EXPECT_EQ(route.find_link(name)->hardware, given);
  EXPECT_EQ(route.find_link("bs3")->hardware, of_peer);
  route.set_up("bs0");
  EXPECT_TRUE(route.find_link("bs0")->up);
  route.set_up("bs0", false);
  EXPECT_FALSE(route.find_link("bs0")->up);
  route.set_mtu("bs1", 1'234);
  EXPECT_EQ(route.find_link("bs1")->mtu, 1'234u);
  for (const char* name : {"bs0", "bs1", "bs2"}) route.remove(name);
  EXPECT_EQ(route.links().size(), before.size());
}

TEST_F(LinkTest, KnowsLoopback) {
  const auto lo = RouteSocket{}.find_link("lo");
  ASSERT_TRUE(lo);
  EXPECT_TRUE(lo->loopback);
  EXPECT_EQ(lo->index, 1u);
  EXPECT_EQ(lo->kind, "");
}

TEST_F(LinkTest, RefusalsSayWhatWasAttempted) {
  RouteSocket route;
  route.create("bs0", "ifb");
  try {
    route.create("bs0", "ifb");
    FAIL() << "made twice";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EEXIST);
    EXPECT_THAT(error.what(), testing::HasSubstr("create ifb \"bs0\""));
  }
  try {
    route.create("bs1", "no_such_kind");
    FAIL() << "made a device of no kind";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code().value(), EOPNOTSUPP);
    EXPECT_THAT(error.what(), testing::HasSubstr("Unknown device type")) << "the kernel's words";
  }
  EXPECT_THROW(route.set_up("bs9"), std::system_error);
  EXPECT_THROW(route.set_up("a_name_beyond_fifteen"), std::invalid_argument);
}

TEST_F(LinkTest, AVethJoinsTwoNamespaces) {
  const OtherNetns other;
  join_by_veth(other);
  const UdpSocket receiver = socket_in(other, "10.0.0.2", kPort);
  const UdpSocket sender{"10.0.0.1"};
  EXPECT_TRUE(get_through(sender, "10.0.0.2", receiver));
}

TEST_F(LinkTest, MovesADeviceBehindABridgeWithARoute) {
  const OtherNetns other;
  RouteSocket route;
  route.create("bs0", "bridge");
  route.create_veth("bs1", "bs2");
  route.set_master("bs1", "bs0");
  route.move_to("bs2", other.fd().get());
  route.add_address("bs0", v4(10, 1, 0, 1), 24);
  for (const char* name : {"lo", "bs0", "bs1"}) route.set_up(name);
  {
    const NetnsGuard guard{other.fd()};
    RouteSocket there;
    there.set_up("lo");
    there.add_address("bs2", v4(10, 1, 0, 2), 24);
    there.set_up("bs2");
    there.add_route({{false, {}}, 0}, v4(10, 1, 0, 1));
    EXPECT_THAT(shell("ip route").output, testing::HasSubstr("default via 10.1.0.1 dev bs2"));
  }
  route.add_route(prefix({10, 2, 0, 0}, 16), v4(10, 1, 0, 2));
  EXPECT_THAT(shell("ip route").output, testing::HasSubstr("10.2.0.0/16 via 10.1.0.2 dev bs0"));
  EXPECT_THAT(shell("ip link show bs1").output, testing::HasSubstr("master bs0"));
}

TEST_F(LinkTest, AnIPv6AddressIsUsableAtOnce) {
  RouteSocket route;
  route.create("bs0", "bridge");
  route.set_up("bs0");
  route.add_address("bs0", prefix6({0xfd, 0x42}, 128, 1).address, 64);
  const std::string listed = shell("ip -6 addr show dev bs0").output;
  EXPECT_THAT(listed, testing::HasSubstr("fd42::1/64"));
  EXPECT_THAT(listed, testing::Not(testing::HasSubstr("tentative scope global")));
}

TEST_F(LinkTest, PutsABlackholeAtTheRootOfADevice) {
  RouteSocket route;
  route.create("bs0", "ifb");
  route.set_up("bs0");
  EXPECT_NE(root_qdisc(route, "bs0"), "blackhole");
  set_blackhole(route, "bs0");
  EXPECT_EQ(root_qdisc(route, "bs0"), "blackhole");
  EXPECT_EQ(root_qdisc(route, "lo"), "") << "another device's was read";
  set_blackhole(route, "bs0");
}

// The three ways to lose a packet that is going out, and what its sender notices.
TEST_F(LinkTest, WhatIsForwardedIntoABlackholeVanishesAndNoSenderIsTold) {
  const OtherNetns other;
  join_by_veth(other);
  RouteSocket route;
  route.create("bs0", "ifb");
  route.set_up("bs0");
  set_blackhole(route, "bs0");
  const UdpSocket receiver = socket_in(other, "10.0.0.2", kPort);
  const UdpSocket sender{"10.0.0.1"};
  const int yes = 1;  // such a socket is told of everything
  ASSERT_EQ(::setsockopt(sender.fd(), IPPROTO_IP, IP_RECVERR, &yes, sizeof yes), 0);
  ASSERT_TRUE(get_through(sender, "10.0.0.2", receiver));

  NftOwner owner;
  owner.load(at_v1(Hook::egress, Side::destination, ForwardTo{"bs0"}));
  owner.arm(kOn);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(sender.send("10.0.0.2", kPort), 0);
  EXPECT_FALSE(receiver.receives());
  EXPECT_EQ(owner.counters().at("hits").packets, 10u);

  owner.load(at_v1(Hook::egress, Side::destination, Drop{}));
  owner.arm(kOn);
  EXPECT_EQ(sender.send("10.0.0.2", kPort), ENOBUFS) << "why we do not simply drop";

  owner.close();
  EXPECT_EQ(sender.send("10.0.0.2", kPort), 0);
  EXPECT_TRUE(receiver.receives());
}

TEST_F(LinkTest, WhatIsDroppedOnItsWayInIsGone) {
  const OtherNetns other;
  join_by_veth(other);
  const UdpSocket receiver{"10.0.0.1", kPort};
  const UdpSocket sender = socket_in(other, "10.0.0.2", 0);
  ASSERT_TRUE(get_through(sender, "10.0.0.1", receiver));
  NftOwner owner;
  owner.load(at_v1(Hook::ingress, Side::source, Drop{}));
  owner.arm(kOn);
  EXPECT_EQ(sender.send("10.0.0.1", kPort), 0);
  EXPECT_FALSE(receiver.receives());
  EXPECT_EQ(owner.counters().at("hits").packets, 1u);
}

}  // namespace
}  // namespace blackstart::netlink
