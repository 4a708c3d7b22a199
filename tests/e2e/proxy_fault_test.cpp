// covers fault/proxy, cli/preview
// Toxics on the connections of an application that knows of no proxy, played by the real binary.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;

class ProxyFaultPlayed : public RealRun {};

std::string entry(const std::string& lasts, const std::string& toxics, const std::string& target) {
  return "  - {at: 0s, for: " + lasts + ", name: slow, proxy: {target: " + target + ", toxics: [" +
         toxics + "]}}\n";
}

TEST_F(ProxyFaultPlayed, FailsWhatCannotWaitAndIsProven) {
  const auto ledger = start_ledger();
  const Outcome held =
      play(ledger_scenario(entry("1s", "{type: latency, latency: 400}", "ledger")));
  EXPECT_EQ(held.code, 0) << held.output;
  const Json report = this->report();
  EXPECT_EQ(report.at("probes").at("balance").at("verdict"), "recovered");
  EXPECT_GT(report.at("probes").at("balance").at("failed"), 5);
  const Json fault = report.at("faults").at(0);
  EXPECT_EQ(fault.at("engine"), "proxy");
  EXPECT_EQ(fault.at("proven"), true);
  EXPECT_GT(fault.at("matched").at("connections"), 5);
  EXPECT_EQ(fault.at("matched").at("packets"), 0);
  EXPECT_EQ(tables(), "");
}

TEST_F(ProxyFaultPlayed, HittingNothingProvesNothing) {
  const auto ledger = start_ledger();
  const Outcome missed = play(ledger_scenario(entry("500ms", "{type: reset_peer}", "nobody")));
  EXPECT_EQ(missed.code, 6) << missed.output;
}

TEST_F(ProxyFaultPlayed, PulsesAndMeetsOthers) {
  const auto ledger = start_ledger();
  const std::string slow =
      "  - {at: 0s, for: 4s, name: slow, pulse: {on: 800ms, off: 200ms}, proxy: {target: ledger, "
      "cut_existing: true, toxics: [{type: timeout, stream: upstream}]}}\n";
  const Outcome held = play(ledger_scenario(
      slow + "  - {at: 1s, for: 2s, name: cut, partition: {target: ledger, how: reset}}\n"));
  EXPECT_EQ(held.code, 0) << held.output;
  const Json report = this->report();
  for (const Json& fault : report.at("faults")) EXPECT_EQ(fault.at("proven"), true) << fault;
}

TEST_F(ProxyFaultPlayed, PlanShowsItsRulesAndWhatItLoses) {
  write("outage.yaml", ledger_scenario(entry("1s", "{type: noop}", "ledger")));
  const Outcome plan = run("plan outage.yaml");
  EXPECT_EQ(plan.code, 0) << plan.output;
  EXPECT_THAT(plan.output, HasSubstr("slow: proxy\n"));
  EXPECT_THAT(plan.output, HasSubstr("end with the run"));
  EXPECT_THAT(plan.output, HasSubstr("redirect to :47700"));
  EXPECT_THAT(plan.output, HasSubstr("47700 stands for that of 'slow'"));
  EXPECT_EQ(tables(), "");
}

TEST_F(ProxyFaultPlayed, KilledInMidFaultLeavesNothingThatActs) {
  const auto ledger = start_ledger();
  const auto run = start_run(ledger_scenario(entry("60s", "{type: half_open}", "ledger")));
  ::kill(run->pid(), SIGKILL);
  end_of(*run);
  EXPECT_TRUE(comes_true(2s, [] { return tables().empty(); })) << tables();
  EXPECT_EQ(in_folder("curl -sf --max-time 2 http://127.0.0.1:8545/balance/alice").code, 0);
}

}  // namespace
}  // namespace blackstart::test
