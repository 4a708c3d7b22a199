// covers netlink/kernel_trials
// What the machine can do, found by trying, and that trying leaves nothing.

#include "netlink/kernel_facts.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "netlink/kernel_trials.h"
#include "support/kernel_test.h"
#include "support/second_user.h"
#include "sys/clock.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;

class KernelFactsTest : public KernelTest {};

TEST_F(KernelFactsTest, FindsWhatTheseTestsThemselvesNeed) {
  const KernelFacts facts = probe_kernel();
  EXPECT_EQ(facts.facts.size(), 7u);
  for (const KernelFact& fact : facts.facts) {
    EXPECT_TRUE(fact.ok) << fact.name << ": " << fact.why << "; " << fact.remedy;
    EXPECT_FALSE(fact.name.empty());
  }
  EXPECT_TRUE(facts.host.ok) << facts.host.why;
  EXPECT_TRUE(facts.sandbox.ok) << facts.sandbox.why;
}

TEST_F(KernelFactsTest, HoldsNoPacketsWhereAWarningWouldBeThePriceOfTheMachine) {
  EXPECT_TRUE(dies_of_a_killed_queue("6.1.0-56-cloud-amd64", "1"));
  EXPECT_TRUE(dies_of_a_killed_queue("6.9.12", "1"));
  EXPECT_TRUE(dies_of_a_killed_queue("of a vendor's own", "1"));
  EXPECT_FALSE(dies_of_a_killed_queue("6.1.0-56-cloud-amd64", "0"));
  EXPECT_FALSE(dies_of_a_killed_queue("6.1.0-56-cloud-amd64", ""));
  EXPECT_FALSE(dies_of_a_killed_queue("6.10.0", "1"));
  EXPECT_FALSE(dies_of_a_killed_queue("7.0-rc1", "1"));
}

TEST_F(KernelFactsTest, TriesOnlyWhatItIsAsked) {
  const KernelFacts facts = probe_kernel(Needs::redirect | Needs::owned_tables | Needs::shaper);
  ASSERT_EQ(facts.facts.size(), 2u);
  EXPECT_NE(facts.find(Needs::redirect), nullptr);
  EXPECT_EQ(facts.find(Needs::blackhole), nullptr);
}

TEST_F(KernelFactsTest, KnowsTheRungsOfTheLadder) {
  const KernelFacts facts = probe_kernel(kRungNeeds);
  ASSERT_EQ(facts.facts.size(), 4u);
  EXPECT_TRUE(facts.find(Needs::rate_limit)->ok) << facts.find(Needs::rate_limit)->why;
  RouteSocket route;
  route.create("bs3", "ifb");
  const bool netem_here = shell("tc qdisc replace dev bs3 root netem delay 1ms").status == 0;
  const KernelFact& netem = *facts.find(Needs::netem);
  EXPECT_EQ(netem.ok, netem_here) << netem.why;
  EXPECT_EQ(netem.remedy.empty(), netem_here);
  const bool queue_here =
      shell("nft add table inet t && nft add chain inet t c && nft add rule inet t c queue num 5")
          .status == 0;
  EXPECT_EQ(facts.find(Needs::nft_queue)->ok, queue_here) << facts.find(Needs::nft_queue)->why;
  EXPECT_TRUE(queue_here || facts.find(Needs::compat_queue)->ok)
      << facts.find(Needs::compat_queue)->why;
}

TEST_F(KernelFactsTest, LeavesNothingBehindAndIsQuick) {
  // A busy machine may hold any one of them up. What can be asked of every machine is that no
  // trial waits for something to time out.
  Duration fastest = 1h;
  for (int i = 0; i < 3; ++i) {
    const MonotonicClock clock;
    probe_kernel();
    fastest = std::min(fastest, clock.now().since_start);
  }
  EXPECT_LT(fastest, 1s);
  EXPECT_EQ(shell("nft list ruleset").output, "");
  EXPECT_EQ(shell("ip -br link | grep -vc '^lo'").output, "0\n");
}

// Without privilege here, and with a way out.
TEST_F(KernelFactsTest, SaysWhenThisNamespaceIsNotOurs) {
  if (!has_second_user()) return skip("needs a second user");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    if (::setresuid(65'534, 65'534, 65'534) != 0) ::_exit(2);
    const KernelFacts facts = probe_kernel(Needs::nothing);
    const bool said = !facts.host.ok && facts.host.remedy.find("sudo") != std::string::npos;
    ::_exit(said ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace blackstart::netlink
