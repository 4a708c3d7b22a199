// Switching, proving, keeping alive and lifting what was compiled; and what the kernel does when
// we are killed or stopped.

#include "fault/enforcer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <spawn.h>

#include <chrono>
#include <string>
#include <vector>

#include "netlink/nft_owner.h"
#include "support/enforced.h"
#include "support/fault_lab.h"
#include "support/forked_run.h"
#include "support/udp.h"

extern char** environ;

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;

class EnforcerTest : public FaultLab {
 protected:
  static Entries two_partitions() {
    Entries entries;
    entries.add(partition({.how = PartitionHow::drop}), target_of({"10.1.1.1/32"}))
        .add(partition({.how = PartitionHow::reset}), target_of({"fd00:1::1/128"}));
    return entries;
  }

  static int reached(const std::string& peer) {
    Client client{SOCK_DGRAM, peer, kEchoPort, 30ms};
    EXPECT_EQ(client.send_to(), 0);
    return client.receive().error;
  }

  // How long until the peer is reached again.
  std::chrono::milliseconds back_within(std::chrono::milliseconds patience) {
    const MonotonicClock clock;
    while (reached("10.1.1.1") != 0) {
      if (clock.now().since_start > patience) return patience;
    }
    return std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().since_start);
  }
};

TEST_F(EnforcerTest, SwitchesExactlyWhatIsAsked) {
  Enforced enforced{loop(), two_partitions().compile()};
  EXPECT_EQ(reached("10.1.1.1"), 0);
  enforced.switch_to({0, 1});
  EXPECT_NE(reached("10.1.1.1"), 0);
  EXPECT_NE(reached("fd00:1::1"), 0);
  enforced.switch_to({1});
  EXPECT_EQ(reached("10.1.1.1"), 0);
  EXPECT_NE(reached("fd00:1::1"), 0);
  enforced.switch_to({});
  EXPECT_EQ(reached("fd00:1::1"), 0);
}

TEST_F(EnforcerTest, IgnoresEntriesOfOtherNamespaces) {
  Enforced enforced{loop(), two_partitions().compile()};
  enforced.switch_to({7, 0});
  EXPECT_NE(reached("10.1.1.1"), 0);
  EXPECT_EQ(enforced.proof(7).packets, 0u);
}

TEST_F(EnforcerTest, SaysWhenItAskedAndWhenItWasAcknowledged) {
  Enforced enforced{loop(), two_partitions().compile()};
  const Enforcer::Switched on = enforced.switch_to({0});
  EXPECT_LT(on.asked, on.at);
  EXPECT_LT(on.at - on.asked, 50ms);
  EXPECT_EQ(on.sent, "1 fault in force: 1 set of 3 armed in one transaction");
  EXPECT_TRUE(on.acknowledged.starts_with("ack ")) << on.acknowledged;
  EXPECT_TRUE(on.warnings.empty());
}

TEST_F(EnforcerTest, ProvesWhatItHit) {
  Enforced enforced{loop(), two_partitions().compile()};
  enforced.switch_to({0, 1});
  for (int i = 0; i < 3; ++i) EXPECT_NE(reached("10.1.1.1"), 0);
  EXPECT_EQ(enforced.proof(0).packets, 3u);
  EXPECT_GT(enforced.proof(0).bytes, 3u * 28);
  EXPECT_EQ(enforced.proof(1).packets, 0u);
  EXPECT_FALSE(enforced.proof(1).proven());
}

TEST_F(EnforcerTest, EndsByItselfWithoutABeatAndHoldsWithOne) {
  Enforced enforced{loop(), two_partitions().compile()};
  enforced.switch_to({0});
  for (int i = 0; i < 4; ++i) {
    wait(900ms);
    EXPECT_NE(reached("10.1.1.1"), 0);
    enforced.beat();
  }
  EXPECT_LT(back_within(5s), 4s);
}

TEST_F(EnforcerTest, LeavesNothingBehindWhenReleased) {
  Enforced enforced{loop(), two_partitions().compile()};
  enforced.switch_to({0, 1});
  EXPECT_NE(shell("ip link show bs0").output.find("bs0"), std::string::npos);
  EXPECT_TRUE(enforced.release().empty());
  EXPECT_EQ(shell("nft list ruleset").output, "");
  EXPECT_EQ(shell("ip -br link | grep -c '^bs'").output, "0\n");
  EXPECT_EQ(reached("10.1.1.1"), 0);
  EXPECT_TRUE(enforced.release().empty());
}

TEST_F(EnforcerTest, RefusesASecondRunAndLeavesTheFirstAlone) {
  Enforced first{loop(), two_partitions().compile()};
  first.switch_to({0});
  const std::string before = shell("ip -o link && tc qdisc && nft list chains").output;
  EXPECT_THROW(Enforced(loop(), two_partitions().compile()), netlink::TableTaken);
  EXPECT_EQ(shell("ip -o link && tc qdisc && nft list chains").output, before);
  EXPECT_NE(reached("10.1.1.1"), 0);
}

TEST_F(EnforcerTest, RefusesASecondRunThatHasNoRuleInCommonWithTheFirst) {
  Entries on_devices, questions;
  on_devices.add(partition({.how = PartitionHow::drop}), target_of({"10.1.1.1/32"}));
  questions.add(dns_fault(dns::AnswerKind::nodata), target_of({}));
  {
    const Enforced first{loop(), on_devices.compile()};
    EXPECT_THROW(Enforced(loop(), questions.compile(), asking("10.1.1.1")), netlink::TableTaken);
  }
  const Enforced first{loop(), questions.compile(), asking("10.1.1.1")};
  EXPECT_THROW(Enforced(loop(), on_devices.compile()), netlink::TableTaken);
}

TEST_F(EnforcerTest, RemovesTheDevicesThatAKilledRunHasLeft) {
  // The hardware address says whose they are. There may be more than this run needs.
  ASSERT_EQ(shell("ip link add bs0 address 62:6c:61:63:6b:00 type ifb &&"
                  "ip link add bs1 address 62:6c:61:63:6b:01 type veth"
                  " peer name bs2 address 62:6c:61:63:6b:01 &&"
                  "ip link add bs9 address 62:6c:61:63:6b:09 type ifb")
                .status,
            0);
  Enforced enforced{loop(), two_partitions().compile()};
  enforced.switch_to({0, 1});
  EXPECT_NE(reached("10.1.1.1"), 0);
  Client refused{SOCK_STREAM, "fd00:1::1", kEchoPort};
  EXPECT_EQ(refused.connect(), ECONNREFUSED);
  EXPECT_NE(shell("ip link show bs9").status, 0);
  enforced.release();
  EXPECT_EQ(shell("ip -br link | grep -c '^bs'").output, "0\n");
}

TEST_F(EnforcerTest, RefusesANameThatSomebodyElsesDeviceHas) {
  ASSERT_EQ(shell("ip link add bs0 type ifb && ip link add bs1 type veth peer name bs2").status, 0);
  const std::string before = shell("ip -o link && tc qdisc").output;
  try {
    Enforced{loop(), two_partitions().compile()};
    FAIL() << "took it";
  } catch (const std::runtime_error& refused) {
    EXPECT_THAT(refused.what(), testing::HasSubstr("called bs0 is here and is not Blackstart's"));
  }
  EXPECT_EQ(shell("ip -o link && tc qdisc").output, before);
  EXPECT_EQ(shell("nft list ruleset").output, "");
}

TEST_F(EnforcerTest, PrintsWhatNftLists) {
  Enforced enforced{loop(), two_partitions().compile()};
  const std::string text = (*enforced).text();
  EXPECT_NE(text.find("ip daddr 10.1.1.1"), std::string::npos) << text;
  EXPECT_NE(text.find("reject with tcp reset"), std::string::npos) << text;
  EXPECT_NE(text.find("v1"), std::string::npos) << text;
}

TEST_F(EnforcerTest, ActsInAnotherNamespace) {
  Entries entries;
  entries.add(partition({.how = PartitionHow::drop}), target_of({"10.1.1.2/32"}));
  EnforcerOptions options;
  options.netns_fd = far().get();
  Enforced enforced{loop(), entries.compile(), options};
  enforced.switch_to({0});
  EXPECT_NE(reached("10.1.1.1"), 0);
  EXPECT_EQ(shell("nft list ruleset").output, "");
  enforced.switch_to({});
  EXPECT_EQ(reached("10.1.1.1"), 0);
}

TEST_F(EnforcerTest, IsLiftedByTheKernelWhenWeAreKilled) {
  ForkedRun run{two_partitions().compile(), {}, [] {
                  // A child that outlives us must not hold on to the tables.
                  const char* const argv[] = {"sleep", "3", nullptr};
                  pid_t child = 0;
                  ::posix_spawnp(&child, "sleep", nullptr, nullptr, const_cast<char* const*>(argv),
                                 environ);
                }};
  ASSERT_TRUE(run.in_force());
  EXPECT_NE(reached("10.1.1.1"), 0);
  run.signal(SIGKILL);
  run.reap();
  EXPECT_LT(back_within(2s), 100ms);
  EXPECT_EQ(shell("nft list ruleset").output, "");
}

TEST_F(EnforcerTest, IsLiftedByTheHeartbeatWhenWeAreStopped) {
  ForkedRun run{two_partitions().compile()};
  ASSERT_TRUE(run.in_force());
  wait(1'500ms);
  EXPECT_NE(reached("10.1.1.1"), 0);
  run.signal(SIGSTOP);
  EXPECT_LT(back_within(6s), 4s);
}

TEST_F(EnforcerTest, LiftsAndLeavesCleanWhenAskedToEnd) {
  ForkedRun run{two_partitions().compile()};
  ASSERT_TRUE(run.in_force());
  run.signal(SIGTERM);
  EXPECT_EQ(run.reap(), 0);
  EXPECT_EQ(reached("10.1.1.1"), 0);
  EXPECT_EQ(shell("ip -br link | grep -c '^bs'").output, "0\n");
}

}  // namespace
}  // namespace blackstart::test
