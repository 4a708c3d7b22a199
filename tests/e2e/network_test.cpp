// covers run/preflight, cli/preview
// A network that is slow or lossy in front of a running stack, by whichever engine this kernel
// has, and what is left of it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::AnyOf;
using testing::Eq;
using testing::HasSubstr;
using testing::Not;

const std::string kSlow =
    "  - {at: 0s, for: 1s, name: slow, network: {target: ledger, delay: 400ms}}\n";

class SlowNetwork : public RealRun {
 protected:
  static std::string devices() { return shell("ip -o link").output; }
};

TEST_F(SlowNetwork, FailsWhatCannotWaitAndIsProven) {
  const auto ledger = start_ledger();
  const Outcome held = play(ledger_scenario(kSlow));
  EXPECT_EQ(held.code, 0) << held.output;
  const Json report = this->report();
  EXPECT_THAT(report.at("engine").get<std::string>(), AnyOf(Eq("netem"), Eq("nfqueue")));
  EXPECT_EQ(report.at("probes").at("balance").at("verdict"), "recovered");
  EXPECT_GT(report.at("probes").at("balance").at("failed"), 5);
  EXPECT_EQ(report.at("faults").at(0).at("proven"), true);
  EXPECT_GT(report.at("faults").at(0).at("matched").at("shaped"), 5);
  const Json delay = report.at("faults").at(0).at("delay");
  EXPECT_GT(delay.at("timed"), 5);
  EXPECT_EQ(delay.at("asked_ms"), 400);
  EXPECT_GE(delay.at("measured_ms"), 400);
  EXPECT_LT(delay.at("measured_ms"), 450);
  EXPECT_EQ(tables(), "");
  EXPECT_THAT(devices(), Not(HasSubstr(" bs")));
}

TEST_F(SlowNetwork, PlaysOnTheEngineThatIsAskedForOrNotAtAll) {
  write("outage.yaml", "engine: nftables\n" + ledger_scenario(kSlow));
  const Outcome refused = run("run outage.yaml");
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("nothing that holds packets"));
  const Outcome plan = run("plan outage.yaml --engine nfqueue");
  EXPECT_EQ(plan.code, 0) << plan.output;
  EXPECT_THAT(plan.output, HasSubstr("slow: nfqueue\n"));
  EXPECT_THAT(plan.output, HasSubstr("the round trip is as asked"));
  const Outcome wrong = run("plan outage.yaml --engine tc");
  EXPECT_EQ(wrong.code, 2) << wrong.output;
  EXPECT_THAT(wrong.output, HasSubstr("netem, nfqueue or nftables"));
}

TEST_F(SlowNetwork, PlanNamesTheEngineAndWhatItDoes) {
  write("outage.yaml", ledger_scenario(kSlow));
  const Outcome plan = run("plan outage.yaml");
  EXPECT_EQ(plan.code, 0) << plan.output;
  EXPECT_THAT(plan.output, AnyOf(HasSubstr("netem, out): delay 400ms  # slow"),
                                 HasSubstr("nfqueue, out): delay 400ms  # slow")));
  EXPECT_EQ(tables(), "");
}

TEST_F(SlowNetwork, KilledInMidFaultLeavesNothingThatActs) {
  const auto ledger = start_ledger();
  const auto run = start_run(ledger_scenario(
      "  - {at: 0s, for: 60s, name: slow, network: {target: ledger, delay: 10s, loss: 20%, "
      "rate: 1mbit}}\n"));
  ::kill(run->pid(), SIGKILL);
  end_of(*run);
  EXPECT_TRUE(comes_true(2s, [] { return tables().empty(); })) << tables();
  EXPECT_TRUE(answers(8545));
  const Outcome healed = in_folder(heal_here());
  EXPECT_EQ(healed.code, 0) << healed.output;
  EXPECT_THAT(devices(), Not(HasSubstr(" bs")));
}

}  // namespace
}  // namespace blackstart::test
