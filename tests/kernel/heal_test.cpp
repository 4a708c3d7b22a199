// What is in force on this machine, and lifting it.

#include "run/heal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/enforced.h"
#include "support/fault_lab.h"
#include "support/forked_run.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

// Other namespaces of the machine may hold real runs, which must not be touched.
std::optional<InForce> here() {
  const std::vector<InForce> found = status(Reach::this_namespace);
  return found.empty() ? std::nullopt : std::optional{found.front()};
}
Healed heal_here(Duration grace) { return heal(grace, Reach::this_namespace); }

class HealTest : public FaultLab {
 protected:
  static CompiledEntries partition_of_far() {
    Entries entries;
    entries.add(partition({.how = PartitionHow::drop}), target_of({"10.1.1.1/32"}));
    return entries.compile();
  }
};

TEST_F(HealTest, FindsNothingWhereNothingIs) { EXPECT_FALSE(here()); }

TEST_F(HealTest, SaysWhatIsInForceAndByWhom) {
  ForkedRun run{partition_of_far()};
  ASSERT_TRUE(run.in_force());
  const auto found = here();
  ASSERT_TRUE(found);
  EXPECT_EQ(found->pid, run.pid());
  EXPECT_THAT(found->command, HasSubstr("test"));
  EXPECT_THAT(found->tables, ElementsAre("inet blackstart", "netdev blackstart"));
  EXPECT_THAT(found->devices, ElementsAre("bs0"));
}

TEST_F(HealTest, FindsRunsInOtherNamespacesThatProcessesHold) {
  ForkedRun run{partition_of_far()};
  ASSERT_TRUE(run.in_force());
  const NetnsGuard elsewhere{far()};
  EXPECT_FALSE(here());
  const std::vector<InForce> found = status();
  EXPECT_TRUE(std::ranges::any_of(found, [&](const auto& one) { return one.pid == run.pid(); }));
}

TEST_F(HealTest, EndsALiveRunAndItLiftsEverything) {
  ForkedRun run{partition_of_far()};
  ASSERT_TRUE(run.in_force());
  const Healed healed = heal_here(2s);
  EXPECT_THAT(healed.done, Contains(HasSubstr("ended the run of pid")));
  EXPECT_TRUE(healed.remains.empty());
  EXPECT_EQ(run.reap(), 0);
  EXPECT_FALSE(here());
}

TEST_F(HealTest, KillsARunThatDoesNotEnd) {
  ForkedRun run{partition_of_far()};
  ASSERT_TRUE(run.in_force());
  run.signal(SIGSTOP);
  const Healed healed = heal_here(100ms);
  EXPECT_THAT(healed.done, Contains(HasSubstr("killed the run of pid")));
  EXPECT_THAT(healed.done, Contains(HasSubstr("removed bs0")));
  EXPECT_EQ(run.reap(), 128 + SIGKILL);
  EXPECT_FALSE(here());
}

TEST_F(HealTest, RemovesWhatAKilledRunHasLeft) {
  ForkedRun run{partition_of_far()};
  ASSERT_TRUE(run.in_force());
  run.signal(SIGKILL);
  run.reap();
  const auto left = here();
  ASSERT_TRUE(left);
  EXPECT_TRUE(left->tables.empty());
  EXPECT_THAT(left->devices, ElementsAre("bs0"));
  EXPECT_THAT(heal_here(1s).done, Contains(HasSubstr("removed bs0 from this namespace")));
  EXPECT_FALSE(here());
}

TEST_F(HealTest, LeavesATableThatIsNobodysAndSaysSo) {
  ASSERT_EQ(shell("nft add table inet blackstart").status, 0);
  const Healed healed = heal_here(1s);
  EXPECT_THAT(healed.remains, Contains(HasSubstr("belongs to no run")));
  EXPECT_NE(shell("nft list tables").output, "");
}

TEST_F(HealTest, LeavesOthersDevicesAlone) {
  ASSERT_EQ(shell("ip link add bs7 type ifb && ip link add bsx address 62:6c:61:63:6b:00 type veth"
                  " peer name bs8")
                .status,
            0);
  EXPECT_FALSE(here());
  heal_here(1s);
  EXPECT_EQ(shell("ip link show bs7 && ip link show bsx && ip link show bs8").status, 0);
}

}  // namespace
}  // namespace blackstart::test
