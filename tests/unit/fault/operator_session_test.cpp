#include "fault/operator_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace blackstart {
namespace {

using netlink::SocketInfo;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

SocketInfo established(const std::string& local, const std::string& remote,
                       std::uint32_t inode = 0) {
  SocketInfo socket;
  socket.state = netlink::SocketState::established;
  socket.local = *parse_endpoint(local, 0);
  socket.remote = *parse_endpoint(remote, 0);
  socket.inode = inode;
  return socket;
}

std::vector<std::string> peers(const OperatorSession& session) {
  std::vector<std::string> out;
  for (const SocketInfo& socket : session.sockets) out.push_back(to_text(socket.remote));
  return out;
}

// A host with two SSH connections, one to a service, and a shell that came by the first.
struct Host {
  SessionFacts facts{
      .ancestors = {{.name = "blackstart"},
                    {.name = "sudo"},
                    {.name = "bash", .claim = parse_ssh_claim("192.0.2.7 50112 10.0.0.5 22")}},
      .sockets = {established("10.0.0.5:22", "192.0.2.7:50112", 71),
                  established("10.0.0.5:22", "192.0.2.8:50113", 72),
                  established("10.0.0.5:41000", "10.0.0.9:5432", 73)},
      .interfaces = {{*parse_address("10.0.0.5"), "eth0"}},
      .of_servers = {71, 72}};

  OperatorSession session() const { return operator_session(facts); }
};

TEST(SshClaim, IsReadFromWhatSshdSays) {
  const auto claim = parse_ssh_claim("192.0.2.7 50112 10.0.0.5 22");
  ASSERT_TRUE(claim);
  EXPECT_EQ(to_text(claim->client), "192.0.2.7:50112");
  EXPECT_EQ(claim->server_port, 22);
  EXPECT_EQ(parse_ssh_claim("192.0.2.7 50112 2222")->server_port, 2222);
}

TEST(SshClaim, KnowsIPv6WithAZoneAndIPv4InsideIt) {
  EXPECT_EQ(to_text(parse_ssh_claim("fe80::1%eth0 50112 fe80::2%eth0 22")->client),
            "[fe80::1]:50112");
  EXPECT_EQ(to_text(parse_ssh_claim("::ffff:192.0.2.7 50112 ::ffff:10.0.0.5 22")->client),
            "192.0.2.7:50112");
}

TEST(SshClaim, RefusesGarbage) {
  for (const char* text :
       {"", " ", "192.0.2.7", "192.0.2.7 50112", "192.0.2.7 50112 10.0.0.5 22 1", "a b c d",
        "192.0.2.7 0 10.0.0.5 22", "192.0.2.7 50112 10.0.0.5 65536", "192.0.2.7 -1 10.0.0.5 22",
        "192.0.2.7 50112 10.0.0.5 22x", "192.0.2.777 50112 10.0.0.5 22", "%eth0 50112 22",
        "192.0.2.7  50112 22", "10.0.0.0/8 50112 22"}) {
    EXPECT_FALSE(parse_ssh_claim(text)) << text;
  }
}

TEST(OperatorSession, IsWhatAnAncestorWasToldBySshd) {
  const OperatorSession session = Host{}.session();
  EXPECT_TRUE(session.remote);
  EXPECT_THAT(peers(session), ElementsAre("192.0.2.7:50112"));
}

TEST(OperatorSession, IsWhatAServerAmongTheAncestorsHolds) {
  Host host;
  host.facts.ancestors.back().claim.reset();
  host.facts.ancestors.push_back({.name = "sshd-session", .sockets = {72, 99}});
  EXPECT_TRUE(host.session().remote);
  EXPECT_THAT(peers(host.session()), ElementsAre("192.0.2.8:50113"));
}

TEST(OperatorSession, AtTheMachineItselfIsNone) {
  Host host;
  host.facts.ancestors.back().claim.reset();
  EXPECT_FALSE(host.session().remote);
  EXPECT_THAT(peers(host.session()), IsEmpty());
}

TEST(OperatorSession, OfAConnectionThatIsOverIsEveryOneOfTheServers) {
  Host host;
  host.facts.ancestors.back().claim = parse_ssh_claim("192.0.2.7 40000 10.0.0.5 22");
  EXPECT_TRUE(host.session().remote);
  EXPECT_THAT(peers(host.session()), ElementsAre("192.0.2.7:50112", "192.0.2.8:50113"));
}

TEST(OperatorSession, BelowAMultiplexerIsEveryOneOfTheServers) {
  Host host;
  host.facts.ancestors.push_back({.name = "tmux: server"});
  EXPECT_THAT(peers(host.session()), ElementsAre("192.0.2.7:50112", "192.0.2.8:50113"));
  host.facts.ancestors[2].claim.reset();
  host.facts.of_servers.clear();
  EXPECT_FALSE(host.session().remote) << "nobody is connected";
}

TEST(OperatorSession, KnowsServersByTheirPortWhereProcessesMayNotBeLookedAt) {
  Host host;
  host.facts.of_servers.clear();
  host.facts.ancestors.back().claim = parse_ssh_claim("192.0.2.7 40000 22");
  EXPECT_THAT(peers(host.session()), ElementsAre("192.0.2.7:50112", "192.0.2.8:50113"));
}

TEST(OperatorSession, ThroughThisVeryMachineHasBothEndsAndWhatComesBefore) {
  Host host;
  host.facts.sockets.push_back(established("127.0.0.1:22", "127.0.0.1:43210", 74));
  host.facts.sockets.push_back(established("127.0.0.1:43210", "127.0.0.1:22", 75));
  host.facts.ancestors.back().claim = parse_ssh_claim("127.0.0.1 43210 127.0.0.1 22");
  EXPECT_THAT(peers(host.session()),
              ElementsAre("192.0.2.7:50112", "192.0.2.8:50113", "127.0.0.1:43210", "127.0.0.1:22"));
}

// mosh(1) leaves its SSH connection behind and goes on by UDP.
TEST(OperatorSession, MayBeRemoteWithoutAnyConnection) {
  Host host;
  host.facts.sockets.clear();
  EXPECT_TRUE(host.session().remote);
  EXPECT_THAT(peers(host.session()), IsEmpty());
}

TEST(OperatorSession, ElsewhereIsNoneOfTheNamespaceInWhichFaultsAct) {
  Host host;
  host.facts.sockets.clear();
  host.facts.ancestors[0].claim = host.facts.ancestors[2].claim;  // ip netns exec hands it on
  host.facts.ancestors[2].here = false;
  EXPECT_FALSE(host.session().remote);
}

TEST(MayLockOut, WhatTakesEverything) {
  const OperatorSession session = Host{}.session();
  Target target;
  target.any = true;
  EXPECT_TRUE(may_lock_out(target, session));
  EXPECT_FALSE(may_lock_out(target, OperatorSession{})) << "nobody sits elsewhere";
  for (const char* all : {"0.0.0.0/0", "::/0"}) {
    target = {};
    target.cidr = {*parse_prefix(all)};
    EXPECT_TRUE(may_lock_out(target, session)) << all;
  }
  target.protocol = Protocol::tcp;
  EXPECT_TRUE(may_lock_out(target, session));
  target.protocol = Protocol::udp;
  EXPECT_FALSE(may_lock_out(target, session));
}

TEST(MayLockOut, WhatCoversTheOperatorsAddress) {
  const OperatorSession session = Host{}.session();
  Target target;
  target.cidr = {*parse_prefix("192.0.2.0/24")};
  EXPECT_TRUE(may_lock_out(target, session));
  target.port = {{1'024, 65'535}};
  EXPECT_TRUE(may_lock_out(target, session));
  target.port = {{5'432, 5'432}};
  EXPECT_FALSE(may_lock_out(target, session)) << "clients' ports are others";
  target = {};
  target.cidr = {*parse_prefix("10.0.0.0/24")};
  EXPECT_FALSE(may_lock_out(target, session)) << "that is our own end";
}

TEST(MayLockOut, ADeviceByWhichTheOperatorComes) {
  OperatorSession session = Host{}.session();
  Target target;
  target.interface = "eth0";
  EXPECT_TRUE(may_lock_out(target, session));
  target.interface = "eth1";
  EXPECT_FALSE(may_lock_out(target, session));
  session.sockets.clear();
  EXPECT_TRUE(may_lock_out(target, session)) << "nobody knows by which";
}

TEST(MayLockOut, NotWhatPicksOthers) {
  const OperatorSession session = Host{}.session();
  Target target;
  target.uid = 1'000;
  EXPECT_FALSE(may_lock_out(target, session)) << "sshd is root's";
  target = {};
  target.names = {"db.example"};
  EXPECT_FALSE(may_lock_out(target, session));
  target = {};
  target.protocol = Protocol::icmp;
  EXPECT_FALSE(may_lock_out(target, session));
}

TEST(ProxyMayLockOut, WhatTakesNewConnectionsToTheServerHere) {
  const OperatorSession session = Host{}.session();
  Target target;
  target.any = true;
  EXPECT_TRUE(proxy_may_lock_out(target, session));
  EXPECT_FALSE(proxy_may_lock_out(target, OperatorSession{})) << "nobody sits elsewhere";
  target = {};
  target.port = {{22, 22}};
  EXPECT_TRUE(proxy_may_lock_out(target, session));
  target.port = {{5'432, 5'432}};
  EXPECT_FALSE(proxy_may_lock_out(target, session));
  target = {};
  target.cidr = {*parse_prefix("10.0.0.0/24")};
  EXPECT_TRUE(proxy_may_lock_out(target, session)) << "our own end";
  target.cidr = {*parse_prefix("192.0.2.0/24")};
  EXPECT_FALSE(proxy_may_lock_out(target, session)) << "nobody here connects to the operator";
}

TEST(ProxyMayLockOut, NotWhatTakesOnlyThoseOfProgramsHere) {
  Target target;
  target.interface = "eth0";
  EXPECT_FALSE(proxy_may_lock_out(target, Host{}.session()));
  target = {};
  target.uid = 0;
  EXPECT_FALSE(proxy_may_lock_out(target, Host{}.session()));
}

}  // namespace
}  // namespace blackstart
