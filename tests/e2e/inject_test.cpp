// covers cli/inject
// One fault from the command line: what it does is what a scenario would, and it ends by itself.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;

class Inject : public RealRun {
 protected:
  Outcome inject(const std::string& arguments) const {
    return run("inject " + arguments + " --plain --out run");
  }
};

constexpr const char* kWatched = " --probe http://127.0.0.1:8545/balance/alice";

TEST_F(Inject, ActsForAsLongAsItIsToldAndSaysWhatItHit) {
  const auto ledger = start_ledger();
  const Outcome done =
      inject(std::string{"partition --to 127.0.0.1/32:8545 --protocol tcp --how reset --for 1s"} +
             kWatched);
  EXPECT_EQ(done.code, 0) << done.output;
  EXPECT_GT(report().at("probes").at("probe").at("failed"), 0);
  const Json fault = report().at("faults").at(0);
  EXPECT_EQ(fault.at("proven"), true);
  EXPECT_NEAR(fault.at("lift_s").get<double>() - fault.at("on_s").get<double>(), 1.0, 0.5);
  EXPECT_EQ(tables(), "");
  EXPECT_TRUE(answers(8545));
}

TEST_F(Inject, TakesRampsAndSaysHowToRepeatIt) {
  const auto ledger = start_ledger();
  const Outcome done = inject(std::string{"network --to 127.0.0.1:8545 --loss '0%..100%' --for 2s "
                                          "--seed 7"} +
                              kWatched);
  EXPECT_THAT(done.output, HasSubstr("lose 0% to 100%")) << done.output;
  EXPECT_THAT(text_of(path() + "/run/journal.jsonl"),
              HasSubstr("blackstart inject network --to 127.0.0.1:8545 --loss 0%..100% --probe "
                        "http://127.0.0.1:8545/balance/alice --for 2s --seed 7"));
}

TEST_F(Inject, TakesRecordsOfTheUsersOwnForAnAnswer) {
  for (const auto& [answer, words] : std::vector<std::pair<std::string, std::string>>{
           {"192.0.2.9,2001:db8::9", "answer 192.0.2.9, 2001:db8::9"},
           {"b.example.com", "answer CNAME b.example.com"}}) {
    const Outcome done = inject("dns a.example --where sandbox --for 100ms --answer " + answer);
    EXPECT_EQ(done.code, 6) << done.output;  // nobody asks
    EXPECT_THAT(done.output, HasSubstr(words));
    std::filesystem::remove_all(path() + "/run");
  }
}

TEST_F(Inject, HittingNothingProvesNothing) {
  const Outcome done = inject("partition --to 192.0.2.0/24 --for 100ms");
  EXPECT_EQ(done.code, 6) << done.output;
}

TEST_F(Inject, EndsOnCtrlC) {
  const auto ledger = start_ledger();
  const auto running =
      start("inject", blackstart("inject partition --to 127.0.0.1:8545 --how reset --plain"));
  ASSERT_TRUE(comes_true(10s, [] { return !answers(8545); }));
  ::kill(running->pid(), SIGINT);
  EXPECT_EQ(end_of(*running), 130);
  EXPECT_EQ(tables(), "");
  EXPECT_TRUE(answers(8545));
}

TEST_F(Inject, SaysWhatIsWrongAndInjectsNothing) {
  for (const auto& [arguments, expected] : std::vector<std::pair<std::string, std::string>>{
           {"", "inject --help"},
           {"network --to 10.0.0.1", "network"},
           {"network --delay 1ms", "target"},
           {"network --to 10.0.0.1 --delay 1parsec", "duration"},
           {"network --to 10.0.0.1 --delay '1ms}, dns: {'", "duration"},
           {"dns db.example.com --answer nodta", "nodata"},
           {"dns db.example.com --answer 192.0.2.7,nodata", "'nodata'"},
           {"dns db.example.com --answer 192.0.2.700", "'192.0.2.700'"},
           {"partition --to 10.0.0.1:1 --to 10.0.0.2:2", "same port"}}) {
    const Outcome refused = inject(arguments);
    EXPECT_EQ(refused.code, 2) << arguments << refused.output;
    EXPECT_THAT(refused.output, HasSubstr(expected)) << arguments;
  }
  EXPECT_FALSE(std::filesystem::exists(path() + "/run"));
}

}  // namespace
}  // namespace blackstart::test
