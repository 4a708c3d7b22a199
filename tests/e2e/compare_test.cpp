// covers cli/compare, cli/series, cli/reading
// Several runs of one scenario, and two such sets held side by side.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;
using testing::Not;

// A front that gives up when it cannot reach its ledger, and waits for `pause` seconds after it
// can again before it comes back.
std::string pausing_scenario(const std::string& hold = "500ms") {
  const std::string reach = "(: </dev/tcp/127.0.0.1/8545) 2>/dev/null";
  return "blackstart: 1\n"
         "title: A front that comes back late\n"
         "where: sandbox\n"
         "vars: {pause: '0'}\n"
         "stack:\n"
         "  start: [bash, -c, '" +
         kLedgerProgram + " ledger --listen 127.0.0.1:8545 --item alice=1 & until " + reach +
         "; do sleep 0.02; done; while :; do " + kLedgerProgram +
         " ledger --listen 127.0.0.1:8546 --item alice=42.5 & front=$!; while " + reach +
         "; do sleep 0.02; done; kill $front; wait $front; until " + reach +
         "; do sleep 0.02; done; sleep ${pause}; done']\n"
         "  ready: {tcp: '127.0.0.1:8546'}\n"
         "targets: {ledger: {cidr: [127.0.0.1/32], port: [8545], protocol: tcp}}\n"
         "probes:\n"
         "  front: {http: 'http://127.0.0.1:8546/balance/alice', every: 50ms, timeout: 300ms}\n"
         "watch: {baseline: 500ms, limit: 20s, hold: " +
         hold +
         "}\n"
         "timeline: [{at: 0s, for: 500ms, partition: {target: ledger, how: reset}}]\n"
         "objectives: {front: {recover_within: 15s}}\n";
}

class Compare : public RealRun {
 protected:
  Json json(const std::string& file) const { return Json::parse(text_of(path() + "/" + file)); }
};

TEST_F(Compare, ASeriesIsAFolderOfRunsAndASummary) {
  const auto ledger = start_ledger();
  const Outcome series = play(ledger_scenario(kShortCut, "objectives: {balance: {max_wrong: 0}}\n"),
                              "--repeat 3 --seed 7 --json out.json --junit out.xml");
  EXPECT_EQ(series.code, 0) << series.output;
  EXPECT_THAT(series.output, HasSubstr("3 runs of outage, seeds 7 to 9, in run"));
  EXPECT_THAT(series.output, HasSubstr("\n 3/3 HELD        balance: back "));
  EXPECT_THAT(series.output, HasSubstr("3 of 3 runs of outage: 3 held"));
  EXPECT_THAT(series.output, HasSubstr("recovered after"));
  EXPECT_THAT(series.output, HasSubstr("--seed 7 --repeat 3"));
  EXPECT_THAT(series.output, Not(HasSubstr("Timeline")));

  const Json all = report();
  EXPECT_EQ(json("out.json"), all);
  ASSERT_EQ(all.at("runs").size(), 3U);
  for (int i = 0; i < 3; ++i) {
    const std::string folder = "run/" + std::to_string(i + 1);
    Json run = all.at("runs").at(static_cast<std::size_t>(i));
    EXPECT_EQ(run.at("seed"), 7 + i);
    EXPECT_EQ(run.at("folder"), folder);
    run.erase("folder");
    EXPECT_EQ(json(folder + "/report.json"), run);
    EXPECT_EQ(Json::parse(this->run("report " + folder + " --format json").output), run);
  }
  EXPECT_EQ(all.at("summary").at("probes").at("balance").at("recovered_s").at("runs"), 3);
  EXPECT_THAT(text_of(path() + "/out.xml"), HasSubstr("<testsuite name=\"outage, run 3, seed 9\""));

  const Outcome again = run("run outage.yaml --plain --out run --repeat 3");
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.output, HasSubstr("run has runs in it already"));
  EXPECT_EQ(run("compare run run").code, 0);
  EXPECT_EQ(run("compare run run --fail-on slower").code, 6);  // three a side tell nothing
  EXPECT_EQ(tables(), "");
}

TEST_F(Compare, ASeriesEndsWithItsWorstRunAndPrintsAResultAlone) {
  const auto ledger = start_ledger();
  const Outcome series =
      play(ledger_scenario(kShortCut, "objectives: {balance: {max_downtime: 100ms}}\n"),
           "--repeat 2 --json -");
  EXPECT_EQ(series.code, 5) << series.output;
  EXPECT_EQ(series.output, text_of(path() + "/run/report.json"));
}

TEST_F(Compare, ASeriesOfWhatCannotRunIsRefusedOnce) {
  const Outcome refused = play(ledger_scenario(kShortCut), "--repeat 3 --where netns:nowhere");
  EXPECT_EQ(refused.code, 3) << refused.output;
  EXPECT_NE(refused.output.find("nowhere"), std::string::npos) << refused.output;
  EXPECT_FALSE(std::filesystem::exists(path() + "/run/2"));
  for (const char* bad : {"0", "1001", "-1", "many"}) {
    EXPECT_EQ(run(std::string{"run outage.yaml --repeat "} + bad).code, 2) << bad;
  }
  EXPECT_EQ(run("run outage.yaml --repeat 2 --seed 18446744073709551615").code, 2);
}

TEST_F(Compare, CtrlCEndsTheSeriesAfterTheLift) {
  write("outage.yaml", ledger_scenario(kLongCut, "where: sandbox\n" + ledger_stack()));
  const auto series = start("printed", blackstart("run outage.yaml --plain --out run --repeat 9"));
  const auto in_force = [&] {
    return text_of(path() + "/run/1/journal.jsonl").find(R"("e":"on")") != std::string::npos;
  };
  ASSERT_TRUE(comes_true(20s, in_force)) << printed();
  ::kill(series->pid(), SIGINT);
  EXPECT_EQ(end_of(*series), 130) << printed();
  EXPECT_THAT(printed(), HasSubstr("1 of 9 runs of outage: 1 stopped"));
  EXPECT_FALSE(std::filesystem::exists(path() + "/run/2"));
  EXPECT_EQ(json("run/1/report.json").at("interrupted"), true);

  const Outcome left_out = run("compare run run");
  EXPECT_EQ(left_out.code, 6);
  EXPECT_THAT(left_out.output, HasSubstr("no run of run can be compared\n  run/1: interrupted"));
}

// Eight real runs of a stack of which one version waits two seconds before it comes back.
TEST_F(Compare, ASlowedStackIsARegression) {
  write("outage.yaml", pausing_scenario());
  for (const std::string pause : {"0", "2"}) {
    const Outcome series = run("run outage.yaml -q --repeat 4 --set pause=" + pause + " --out " +
                               (pause == "0" ? "old" : "new"));
    ASSERT_EQ(series.code, 0) << series.output;
  }
  const Outcome slower = run("compare old new --fail-on slower --json out.json");
  EXPECT_EQ(slower.code, 10) << slower.output;
  EXPECT_THAT(slower.output, HasSubstr("━━ SLOWER"));
  EXPECT_THAT(slower.output, HasSubstr("front: recovered after"));
  const Json recovered = json("out.json").at("probes").at("front").at("recovered_s");
  EXPECT_EQ(recovered.at("result"), "slower");
  EXPECT_EQ(recovered.at("u"), 16);
  EXPECT_GT(recovered.at("difference"), 0.5);
  EXPECT_LT(recovered.at("difference"), 10.0);

  EXPECT_EQ(run("compare old new").code, 0);
  const Outcome faster = run("compare new old --fail-on slower");
  EXPECT_EQ(faster.code, 0) << faster.output;
  EXPECT_THAT(faster.output, HasSubstr("━━ FASTER"));
  const Outcome same = run("compare old old --fail-on slower");
  EXPECT_EQ(same.code, 0) << same.output;
  EXPECT_THAT(same.output, HasSubstr("━━ NO DIFFERENCE SHOWN"));
  const Outcome single = run("compare old/1 new/1/journal.jsonl --fail-on slower");
  EXPECT_EQ(single.code, 6) << single.output;
  EXPECT_THAT(single.output, HasSubstr("too few runs to tell: needs at least 4 a side"));

  write("outage.yaml", pausing_scenario("700ms"));
  ASSERT_EQ(run("run outage.yaml -q --out other").code, 0);
  const Outcome refused = run("compare old other");
  EXPECT_EQ(refused.code, 2) << refused.output;
  EXPECT_THAT(refused.output, HasSubstr("other: their watch differs"));
  const Outcome forced = run("compare old other --force");
  EXPECT_EQ(forced.code, 0) << forced.output;
  EXPECT_THAT(forced.output, HasSubstr("not the same experiment: other: their watch differs"));

  in_folder("head -c -20 old/2/journal.jsonl > torn && mv torn old/2/journal.jsonl");
  const Outcome torn = run("compare old new");
  EXPECT_EQ(torn.code, 0) << torn.output;
  EXPECT_THAT(torn.output, HasSubstr("not counted: old/2: interrupted: the journal has no end"));
  EXPECT_THAT(torn.output, HasSubstr("old: 3 runs"));
}

TEST_F(Compare, WhatIsNoRunIsTwoAndSaysWhy) {
  const Outcome missing = run("compare nowhere nowhere");
  EXPECT_EQ(missing.code, 2);
  EXPECT_THAT(missing.output, HasSubstr("nowhere"));
  std::filesystem::create_directory(path() + "/empty");
  const Outcome empty = run("compare empty empty");
  EXPECT_EQ(empty.code, 2);
  EXPECT_THAT(empty.output, HasSubstr("empty is no run: there is no journal.jsonl in it"));
  write("text", "no journal\n");
  const Outcome text = run("compare text text");
  EXPECT_EQ(text.code, 2);
  EXPECT_THAT(text.output, HasSubstr("text is no journal"));
  EXPECT_EQ(run("compare text").code, 2);
  EXPECT_EQ(run("compare text text --fail-on faster").code, 2);
}

}  // namespace
}  // namespace blackstart::test
