#include "fault/cutter.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

netlink::SocketInfo connection() {
  netlink::SocketInfo socket;
  socket.protocol = Protocol::tcp;
  socket.state = netlink::SocketState::established;
  socket.local = *parse_endpoint("10.0.0.2:40000", 0);
  socket.remote = *parse_endpoint("10.0.0.1:5432", 0);
  socket.uid = 1000;
  socket.cgroup = 77;
  return socket;
}

bool hits(const netlink::SocketInfo& socket, const Target& target,
          const std::optional<CgroupId>& cgroup = {}, const std::set<Address>& followed = {}) {
  const AddressInterfaces interfaces{{*parse_address("10.0.0.2"), "eth0"},
                                     {*parse_address("10.0.0.3"), "eth1"}};
  return is_connection_to(socket, target, cgroup, interfaces, followed);
}

TEST(Cutter, TakesConnectionsToTheTarget) {
  Target target;
  target.any = true;
  EXPECT_TRUE(hits(connection(), target));
  target.cidr = {*parse_prefix("10.0.0.0/24")};
  target.port = {{5000, 6000}};
  target.uid = 1000;
  EXPECT_TRUE(hits(connection(), target));
}

TEST(Cutter, KnowsNamesByWhatTheyStandFor) {
  Target target;
  target.names = {"db.example"};
  EXPECT_FALSE(hits(connection(), target));
  EXPECT_FALSE(hits(connection(), target, {}, {*parse_address("10.0.0.2")}));
  EXPECT_TRUE(hits(connection(), target, {}, {*parse_address("10.0.0.1")}));
  target.port = {{80, 80}};
  EXPECT_FALSE(hits(connection(), target, {}, {*parse_address("10.0.0.1")}));
}

TEST(Cutter, LeavesConnectionsElsewhere) {
  Target target;
  target.cidr = {*parse_prefix("10.0.0.2/32")};  // that is our own end
  EXPECT_FALSE(hits(connection(), target));
  target.cidr = {*parse_prefix("::/0")};
  EXPECT_FALSE(hits(connection(), target));
  target = {};
  target.port = {{40'000, 40'000}};
  EXPECT_FALSE(hits(connection(), target));
  target = {};
  target.uid = 0;
  EXPECT_FALSE(hits(connection(), target));
  target = {};
  target.protocol = Protocol::udp;
  EXPECT_FALSE(hits(connection(), target));
}

TEST(Cutter, KnowsAnInterfaceByItsAddresses) {
  Target target;
  target.interface = "eth0";
  EXPECT_TRUE(hits(connection(), target));
  target.interface = "eth1";
  EXPECT_FALSE(hits(connection(), target));
}

TEST(Cutter, KnowsACgroup) {
  Target target;
  EXPECT_TRUE(hits(connection(), target, CgroupId{.inode = 77, .level = 1, .path = "a"}));
  EXPECT_FALSE(hits(connection(), target, CgroupId{.inode = 78, .level = 1, .path = "b"}));
}

TEST(Cutter, LeavesWhatIsNoConnection) {
  Target target;
  target.any = true;
  for (const auto state : {netlink::SocketState::listening, netlink::SocketState::time_wait,
                           netlink::SocketState::closed}) {
    netlink::SocketInfo socket = connection();
    socket.state = state;
    EXPECT_FALSE(hits(socket, target));
  }
  netlink::SocketInfo udp = connection();
  udp.protocol = Protocol::udp;
  EXPECT_FALSE(hits(udp, target));
}

TEST(Cutter, KnowsListenersByTheConnectionsThatTheyWouldGet) {
  const AddressInterfaces interfaces{{*parse_address("10.0.0.2"), "eth0"},
                                     {*parse_address("127.0.0.1"), "lo"},
                                     {*parse_address("fd00::1"), "eth0"}};
  const auto listens_for = [&](const char* local, const char* cidr, PortRange port) {
    netlink::SocketInfo socket = connection();
    socket.state = netlink::SocketState::listening;
    socket.local = *parse_endpoint(local, 0);
    socket.remote = {};
    socket.v6 = socket.local.address.v6;
    Target target;
    target.cidr = {*parse_prefix(cidr)};
    target.port = {port};
    return is_listener_of(socket, target, {}, interfaces);
  };
  EXPECT_TRUE(listens_for("127.0.0.1:5432", "127.0.0.0/8", {5432, 5432}));
  EXPECT_FALSE(listens_for("127.0.0.1:5432", "10.0.0.0/8", {5432, 5432}));
  EXPECT_FALSE(listens_for("127.0.0.1:5432", "127.0.0.0/8", {80, 80}));
  EXPECT_TRUE(listens_for("0.0.0.0:5432", "10.0.0.0/8", {5432, 5432}));
  EXPECT_FALSE(listens_for("0.0.0.0:5432", "fd00::/8", {5432, 5432}));
  EXPECT_TRUE(listens_for("[::]:5432", "10.0.0.0/8", {5432, 5432}));
  EXPECT_TRUE(listens_for("[::]:5432", "fd00::/8", {5432, 5432}));
  EXPECT_FALSE(listens_for("[::]:5432", "192.0.2.0/24", {5432, 5432}));

  Target everything;
  everything.any = true;
  EXPECT_FALSE(is_listener_of(connection(), everything, {}, interfaces));
}

}  // namespace
}  // namespace blackstart
