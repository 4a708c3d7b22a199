// covers fault/answerer
// covers fault/devices
// covers fault/selector
// What applications see of a partition, far away and over loopback, in both families: held to
// what they see of a real one.

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/enforced.h"
#include "support/fault_lab.h"
#include "support/second_user.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using How = PartitionHow;
using Way = TrafficDirection;

const std::vector<std::string> kEverywhere{"10.1.1.1/32", "fd00:1::1/128", "127.0.0.1/32",
                                           "::1/128"};
const std::vector<std::string> kPeers{"10.1.1.1", "fd00:1::1", "127.0.0.1", "::1"};

class PartitionTest : public FaultLab {
 protected:
  void partition_peers(const PartitionSpec& spec) {
    partition_target(spec, target_of(kEverywhere, {{kEchoPort, kEchoPort}}));
  }
  void partition_target(const PartitionSpec& spec, Target target) {
    Entries entries;
    entries.add(partition(spec), std::move(target));
    enforced_.emplace(loop(), entries.compile());
  }
  void on() { enforced_->switch_to({0}); }
  void off() { enforced_->switch_to({}); }
  Enforced& enforced() { return *enforced_; }

  void TearDown() override {
    enforced_.reset();
    FaultLab::TearDown();
  }

  static Seen connect(const std::string& peer) {
    return Client{SOCK_STREAM, peer, kEchoPort}.connect();
  }
  static Seen echoed(const std::string& peer) {
    Client client{SOCK_DGRAM, peer, kEchoPort};
    EXPECT_EQ(client.send_to(), 0) << peer;
    return client.receive();
  }
  static Seen echoed_when_connected(const std::string& peer) {
    Client client{SOCK_DGRAM, peer, kEchoPort};
    EXPECT_EQ(client.connect(), 0) << peer;
    EXPECT_EQ(client.send(), 0) << peer;
    return client.receive();
  }

  // UDP takes "host unreachable" for a passing trouble and tells only who asked to be told.
  static Seen heard_of(const std::string& peer) {
    Client client{SOCK_DGRAM, peer, kEchoPort};
    const int on = 1;
    const bool v6 = peer.find(':') != std::string::npos;
    ::setsockopt(client.fd(), v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_RECVERR : IP_RECVERR, &on,
                 sizeof on);
    EXPECT_EQ(client.connect(), 0);
    EXPECT_EQ(client.send(), 0);
    return client.receive();
  }

  // The four things that an application does, with what it must see; at once means within the
  // time in which TCP would not try again.
  void expect_seen(const std::string& peer, int tcp, int datagram, int connected,
                   Client& established, int established_reads) {
    SCOPED_TRACE(peer);
    const Seen opened = connect(peer);
    EXPECT_EQ(opened, tcp);
    if (tcp != ETIMEDOUT) {
      EXPECT_LT(opened.took, 100ms);
    }
    EXPECT_EQ(echoed(peer), datagram);
    EXPECT_EQ(echoed_when_connected(peer), connected);
    EXPECT_EQ(established.send(), 0);
    EXPECT_EQ(established.receive(), established_reads);
  }

  void expect_all_seen(const PartitionSpec& spec, int tcp, int connected, int established_reads) {
    partition_peers(spec);
    for (const std::string& peer : kPeers) {
      Client established{SOCK_STREAM, peer, kEchoPort};
      ASSERT_EQ(established.connect(), 0) << peer;
      on();
      expect_seen(peer, tcp, ETIMEDOUT, connected, established, established_reads);
      off();
      EXPECT_EQ(connect(peer), 0) << peer;
      EXPECT_EQ(echoed(peer), 0) << peer;
    }
    EXPECT_GT(enforced().proof(0).packets, 0u);
  }

  std::optional<Enforced> enforced_;
};

TEST_F(PartitionTest, DropIsSilent) {
  expect_all_seen({.how = How::drop}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT);
}

TEST_F(PartitionTest, DropOutboundIsSilent) {
  expect_all_seen({.how = How::drop, .direction = Way::out}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT);
}

TEST_F(PartitionTest, DropInboundIsSilent) {
  expect_all_seen({.how = How::drop, .direction = Way::in}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT);
}

TEST_F(PartitionTest, ResetRefusesAtOnce) {
  expect_all_seen({.how = How::reset}, ECONNREFUSED, ECONNREFUSED, ECONNRESET);
}

TEST_F(PartitionTest, ResetOutboundRefusesAtOnce) {
  expect_all_seen({.how = How::reset, .direction = Way::out}, ECONNREFUSED, ECONNREFUSED,
                  ECONNRESET);
}

TEST_F(PartitionTest, UnreachableIsAnsweredLikeByARouter) {
  expect_all_seen({.how = How::unreachable}, EHOSTUNREACH, ETIMEDOUT, ETIMEDOUT);
}

TEST_F(PartitionTest, UnreachableTellsUdpSendersThatAsk) {
  partition_peers({.how = How::unreachable});
  on();
  for (const std::string& peer : kPeers) EXPECT_EQ(heard_of(peer), EHOSTUNREACH) << peer;
}

TEST_F(PartitionTest, UnreachableOutboundIsAnsweredLikeByARouter) {
  expect_all_seen({.how = How::unreachable, .direction = Way::out}, EHOSTUNREACH, ETIMEDOUT,
                  ETIMEDOUT);
}

// Inbound the far end is told, and we hear nothing.
TEST_F(PartitionTest, RefusingWhatComesInIsSilenceHere) {
  for (const How how : {How::reset, How::unreachable}) {
    partition_target({.how = how, .direction = Way::in},
                     target_of({"10.1.1.1/32", "fd00:1::1/128"}));
    for (const std::string peer : {"10.1.1.1", "fd00:1::1"}) {
      Client established{SOCK_STREAM, peer, kEchoPort};
      ASSERT_EQ(established.connect(), 0);
      on();
      expect_seen(peer, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, established, ETIMEDOUT);
      off();
    }
    EXPECT_GT(enforced().proof(0).packets, 0u);
  }
}

TEST_F(PartitionTest, HitsOnlyItsTarget) {
  partition_target({.how = How::drop}, target_of({"10.1.1.1/32"}, {{1, 80}}));
  on();
  EXPECT_EQ(connect("10.1.1.1"), 0);
  EXPECT_EQ(connect("fd00:1::1"), 0);
  EXPECT_EQ(enforced().proof(0).packets, 0u);
}

TEST_F(PartitionTest, SelectsByInterface) {
  Target target;
  target.interface = "v1";
  partition_target({.how = How::drop}, target);
  on();
  EXPECT_EQ(connect("10.1.1.1"), ETIMEDOUT);
  EXPECT_EQ(connect("127.0.0.1"), 0);
}

TEST_F(PartitionTest, RefusesAnInterfaceThatIsNotThere) {
  Target target;
  target.interface = "eth77";
  EXPECT_THROW(partition_target({.how = How::drop}, target), std::runtime_error);
  EXPECT_EQ(shell("nft list tables").output, "");
  EXPECT_EQ(shell("ip link show bs0").status != 0, true);
}

TEST_F(PartitionTest, SelectsByProtocol) {
  Target target = target_of({"10.1.1.1/32"});
  target.protocol = Protocol::udp;
  partition_target({.how = How::unreachable}, target);
  on();
  EXPECT_EQ(connect("10.1.1.1"), 0);
  EXPECT_EQ(heard_of("10.1.1.1"), EHOSTUNREACH);
  EXPECT_EQ(shell("ping -c1 -W1 10.1.1.1").status, 0);
}

// Sockets belong to the user who opened them.
class AsNobody {
 public:
  AsNobody() { check("seteuid(nobody)", ::seteuid(kNobody)); }
  ~AsNobody() { check("seteuid(root)", ::seteuid(0)); }
  static constexpr uid_t kNobody = 65'534;
};

TEST_F(PartitionTest, SelectsByUserBothWays) {
  if (!has_second_user()) return skip("needs a second user");
  for (const Way way : {Way::both, Way::out, Way::in}) {
    Target target = target_of({"10.1.1.1/32", "fd00:1::1/128"});
    target.uid = AsNobody::kNobody;
    partition_target({.how = How::drop, .direction = way}, target);
    on();
    for (const std::string peer : {"10.1.1.1", "fd00:1::1"}) {
      EXPECT_EQ(connect(peer), 0);
      EXPECT_EQ(echoed(peer), 0);
      const AsNobody user;
      EXPECT_EQ(connect(peer), ETIMEDOUT);
      EXPECT_EQ(echoed_when_connected(peer), ETIMEDOUT);
    }
    EXPECT_GT(enforced().proof(0).packets, 0u);
    enforced_.reset();
  }
}

TEST_F(PartitionTest, SelectsByCgroupBothWays) {
  const std::string root = "/sys/fs/cgroup/unified";
  const std::string base = ::access(root.c_str(), F_OK) == 0 ? root : "/sys/fs/cgroup";
  const std::string folder = base + "/bs_test_" + std::to_string(::getpid());
  if (shell("mkdir " + folder).status != 0) return skip("needs a writable cgroup hierarchy");
  const std::string name = folder.substr(base.size());
  const std::string given = "0.3";  // seconds
  for (const How how : {How::drop, How::unreachable}) {
    for (const Way way : {Way::out, Way::in}) {
      Target target = target_of({"10.1.1.1/32"});
      target.cgroup = name;
      partition_target({.how = how, .direction = way}, target);
      on();
      EXPECT_EQ(connect("10.1.1.1"), 0);
      // A process of its own, since a socket belongs to the cgroup that it was opened in.
      const std::string inside = "sh -c 'echo $$ > " + folder + "/cgroup.procs && exec " +
                                 "timeout " + given +
                                 " bash -c \"exec 3<>/dev/tcp/10.1.1.1/5555\"'";
      EXPECT_NE(shell(inside).status, 0);
      EXPECT_GT(enforced().proof(0).packets, 0u);
      enforced_.reset();
    }
  }
  EXPECT_EQ(shell("rmdir " + folder).status, 0);
}

TEST_F(PartitionTest, HundredsOfPrefixesAreOneSet) {
  std::vector<std::string> many;
  for (int i = 0; i < 200; ++i) many.push_back("10.2." + std::to_string(i) + ".0/25");
  many.push_back("10.1.1.1/32");
  many.push_back("fd00:1::1/128");
  many.push_back("2001:db8::/32");
  partition_target({.how = How::drop}, target_of(many));
  on();
  EXPECT_EQ(connect("10.1.1.1"), ETIMEDOUT);
  EXPECT_EQ(connect("fd00:1::1"), ETIMEDOUT);
  off();
  EXPECT_EQ(connect("10.1.1.1"), 0);
}

TEST_F(PartitionTest, HitsThePrefixesOfAwsAndNoOthers) {
  Target target;
  target.aws.emplace().prefixes =
      target_of({"10.1.1.0/31", "10.1.1.1/32", "10.1.1.8/29", "fd00:1::1/128", "fd00:1::8/125"})
          .cidr;
  partition_target({.how = How::reset}, target);
  on();
  for (const std::string peer : {"10.1.1.1", "fd00:1::1"}) {
    EXPECT_EQ(connect(peer), ECONNREFUSED) << peer;
    EXPECT_EQ(echoed_when_connected(peer), ECONNREFUSED) << peer;
  }
  for (const std::string spared : {"10.1.1.2", "fd00:1::2", "127.0.0.1"}) {
    EXPECT_EQ(connect(spared), 0) << spared;
    EXPECT_EQ(echoed(spared), 0) << spared;
  }
}

TEST_F(PartitionTest, EverythingIncludesPing) {
  Target target;
  target.any = true;
  partition_target({.how = How::unreachable}, target);
  on();
  const CommandResult ping = shell("ping -c1 -W1 10.1.1.1");
  EXPECT_NE(ping.status, 0);
  EXPECT_NE(ping.output.find("Destination Host Unreachable"), std::string::npos) << ping.output;
}

TEST_F(PartitionTest, OverlappingPartitionsEachProveThemselves) {
  Entries entries;
  entries.add(partition({.how = How::drop}), target_of({"10.1.0.0/16"}))
      .add(partition({.how = How::drop}), target_of({"10.1.1.1/32"}));
  Enforced both{loop(), entries.compile()};
  both.switch_to({0, 1});
  EXPECT_EQ(connect("10.1.1.1"), ETIMEDOUT);
  EXPECT_GT(both.proof(0).packets, 0u);
  EXPECT_EQ(both.proof(0).packets, both.proof(1).packets);
  both.switch_to({1});
  EXPECT_EQ(connect("10.1.1.1"), ETIMEDOUT);
  EXPECT_LT(both.proof(0).packets, both.proof(1).packets);
}

TEST_F(PartitionTest, CutsWhatIsEstablishedWhenItComesOn) {
  partition_target({.how = How::drop, .cut_existing = true}, target_of({"10.1.1.1/32"}));
  Client hit{SOCK_STREAM, "10.1.1.1", kEchoPort};
  Client spared{SOCK_STREAM, "fd00:1::1", kEchoPort};
  ASSERT_EQ(hit.connect(), 0);
  ASSERT_EQ(spared.connect(), 0);
  on();
  EXPECT_EQ(hit.receive(), ECONNABORTED);
  EXPECT_EQ(spared.send(), 0);
  EXPECT_EQ(spared.receive(), 0);
  EXPECT_EQ(enforced().proof(0).connections, 1u);
}

TEST_F(PartitionTest, LeavesEstablishedConnectionsOpenOtherwise) {
  partition_target({.how = How::drop}, target_of({"10.1.1.1/32"}));
  Client client{SOCK_STREAM, "10.1.1.1", kEchoPort, 2s};
  ASSERT_EQ(client.connect(), 0);
  on();
  EXPECT_EQ(client.send(), 0);
  off();
  EXPECT_EQ(client.receive(), 0);  // TCP has sent it again
  EXPECT_EQ(enforced().proof(0).connections, 0u);
}

}  // namespace
}  // namespace blackstart::test
