// covers cli/run, cli/experiment, cli/report, run/runner, run/readiness
// What a run ends in: its verdict, its exit code, and the files that it leaves.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>

#include "support/real_run.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;

const std::string kObjective = "objectives: {balance: {recover_within: 5s}}\n";

class Verdict : public RealRun {};

TEST_F(Verdict, HeldIsZeroAndItsFilesAgree) {
  const auto ledger = start_ledger();
  const Outcome held =
      play(ledger_scenario(kShortCut, kObjective), "--json out.json --junit out.xml --seed 7");
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_THAT(held.output, HasSubstr("HELD"));

  const Json report = this->report();
  EXPECT_EQ(report.at("blackstart"), 1);
  EXPECT_EQ(report.at("scenario"), "outage");
  EXPECT_EQ(report.at("seed"), 7);
  EXPECT_EQ(report.at("verdict"), "held");
  EXPECT_EQ(report.at("exit_code"), 0);
  EXPECT_EQ(report.at("interrupted"), false);
  EXPECT_EQ(report.at("probes").at("balance").at("verdict"), "recovered");
  EXPECT_GT(report.at("probes").at("balance").at("failed"), 3);
  EXPECT_EQ(report.at("faults").at(0).at("proven"), true);
  EXPECT_GT(report.at("faults").at(0).at("matched").at("packets"), 3);
  EXPECT_EQ(journal().back().at("e"), "end");

  const std::string written = text_of(path() + "/run/report.json");
  EXPECT_EQ(text_of(path() + "/out.json"), written);
  EXPECT_EQ(run("report run --format json").output, written);
  EXPECT_EQ(run("report run --format junit").output, text_of(path() + "/out.xml"));
  EXPECT_THAT(text_of(path() + "/out.xml"), HasSubstr("recover_within"));
}

TEST_F(Verdict, TheResultOnStandardOutputIsTheResultAlone) {
  const auto ledger = start_ledger();
  const Outcome held = play(ledger_scenario(kShortCut, kObjective), "--json -");
  EXPECT_EQ(held.code, 0);
  EXPECT_EQ(held.output, text_of(path() + "/run/report.json"));
}

TEST_F(Verdict, TheReportHasTheKeysThatOtherToolsRelyOn) {
  const auto ledger = start_ledger();
  play(ledger_scenario(kShortCut, kObjective));
  const Json report = this->report();
  for (const char* key : {"blackstart", "scenario", "seed", "speed", "engine", "verdict",
                          "exit_code", "interrupted", "fault_window", "probes", "faults"}) {
    EXPECT_TRUE(report.contains(key)) << key;
  }
  for (const char* key : {"first_on_s", "last_lift_s"}) {
    EXPECT_TRUE(report.at("fault_window").at(key).is_number()) << key;
  }
  const Json& probe = report.at("probes").at("balance");
  for (const char* key :
       {"verdict", "role", "baseline", "first_impact_s", "mitigated_s", "first_good_s",
        "recovered_s", "back_to_speed_s", "relapses", "downtime_s", "failed", "wrong",
        "amplification", "uncertainty_s", "objectives"}) {
    EXPECT_TRUE(probe.contains(key)) << key;
  }
  for (const char* key : {"ok_share", "p50_ms", "p95_ms", "p99_ms"}) {
    EXPECT_TRUE(probe.at("baseline").at(key).is_number()) << key;
  }
  for (const char* key : {"name", "limit", "value", "met"}) {
    EXPECT_TRUE(probe.at("objectives").at(0).contains(key)) << key;
  }
  const Json& fault = report.at("faults").at(0);
  for (const char* key :
       {"name", "kind", "target", "engine", "on_s", "lift_s", "edge_ms", "proven", "matched"}) {
    EXPECT_TRUE(fault.contains(key)) << key;
  }
  for (const char* key : {"packets", "bytes", "questions", "connections"}) {
    EXPECT_TRUE(fault.at("matched").at(key).is_number()) << key;
  }
}

TEST_F(Verdict, DroppedPacketsRunIntoTheProbesTimeout) {
  const auto ledger = start_ledger();
  const Outcome held = play(ledger_scenario(
      "  - {at: 0s, for: 500ms, partition: {target: ledger, how: drop}}\n", kObjective));
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_THAT(report().at("probes").at("balance").at("reasons").dump(), HasSubstr("300ms"));
}

TEST_F(Verdict, AMissedObjectiveIsFive) {
  const auto ledger = start_ledger();
  const Outcome missed =
      play(ledger_scenario(kShortCut, "objectives: {balance: {max_downtime: 100ms}}\n"));
  EXPECT_EQ(missed.code, 5) << missed.output;
  EXPECT_EQ(report().at("verdict"), "missed");
}

TEST_F(Verdict, AControlThatMovedMakesItInvalid) {
  const auto ledger = start_ledger();
  std::string text = ledger_scenario(kShortCut, kObjective);
  text.insert(text.find("watch:"),
              "  control: {tcp: '127.0.0.1:8545', every: 50ms, role: control}\n");
  const Outcome invalid = play(text);
  EXPECT_EQ(invalid.code, 6) << invalid.output;
  EXPECT_THAT(invalid.output, HasSubstr("control"));
}

TEST_F(Verdict, AFaultThatHitNothingMakesItInvalid) {
  const auto ledger = start_ledger();
  const Outcome invalid =
      play(ledger_scenario("  - {at: 0s, for: 500ms, name: idle, partition: {target: nobody}}\n"));
  EXPECT_EQ(invalid.code, 6) << invalid.output;
  EXPECT_EQ(report().at("faults").at(0).at("proven"), false);
}

TEST_F(Verdict, NothingIsInjectedWhereNothingIsNormal) {
  const Outcome sick = play(ledger_scenario(kShortCut, kObjective));
  EXPECT_EQ(sick.code, 4) << sick.output;
  EXPECT_THAT(sick.output, HasSubstr("refused"));
  EXPECT_FALSE(saw("on"));
  EXPECT_EQ(journal().back().at("why"), "not_normal");
}

TEST_F(Verdict, AStackThatNeverGetsReadyShowsWhatItSaid) {
  const Outcome sick =
      play(ledger_scenario(kShortCut,
                           "stack: {start: [sh, -c, 'echo cannot find my database; exec sleep 60'],"
                           " ready: {tcp: '127.0.0.1:8545'}, ready_within: 300ms}\n"));
  EXPECT_EQ(sick.code, 4) << sick.output;
  EXPECT_THAT(sick.output, HasSubstr("cannot find my database"));
  EXPECT_FALSE(saw("on"));
}

TEST_F(Verdict, AStackThatEndsAtOnceShowsWhatItSaid) {
  const Outcome sick =
      play(ledger_scenario(kShortCut,
                           "stack: {start: [sh, -c, 'echo my config is broken; exit 7'],"
                           " ready: {tcp: '127.0.0.1:8545'}, ready_within: 60s}\n"));
  EXPECT_EQ(sick.code, 4) << sick.output;
  EXPECT_THAT(sick.output, HasSubstr("my config is broken"));
  EXPECT_THAT(sick.output, HasSubstr("exit status 7"));
}

TEST_F(Verdict, AGuardStopsTheRunAndLiftsEverything) {
  const auto ledger = start_ledger();
  const Outcome stopped =
      play(ledger_scenario(kLongCut, "guards: [{probe: balance, failing_for: 300ms}]\n"));
  EXPECT_EQ(stopped.code, 7) << stopped.output;
  EXPECT_TRUE(saw("guard"));
  EXPECT_TRUE(saw("lift"));
  EXPECT_TRUE(answers(8545));
  EXPECT_EQ(tables(), "");
}

class VerdictOfSignal : public RealRun, public testing::WithParamInterface<int> {};

// The stack is told to stop only after the lift: then it can still close its connections well.
TEST_P(VerdictOfSignal, LiftsFirstAndReportsThen) {
  std::string stack = ledger_stack();
  stack.insert(stack.rfind('}'), ", stop: [bash, -c, '</dev/tcp/127.0.0.1/8545 && touch flows']");
  const auto run = start_run(ledger_scenario(kLongCut, kObjective + stack));
  EXPECT_FALSE(answers(8545));
  ::kill(run->pid(), GetParam());
  EXPECT_EQ(end_of(*run), 128 + GetParam()) << printed();

  EXPECT_TRUE(std::filesystem::exists(path() + "/flows"));
  EXPECT_EQ(tables(), "");
  EXPECT_THAT(printed(), HasSubstr("interrupted"));
  EXPECT_EQ(report().at("interrupted"), true);
  const std::vector<Json> events = journal();
  EXPECT_EQ(events.back().at("e"), "end");
  EXPECT_EQ(events.back().at("signal"), GetParam());
  EXPECT_TRUE(saw("lift"));
  EXPECT_EQ(this->run("report run --format json").code, 128 + GetParam());
}

TEST_F(Verdict, AnInterruptionWhileTheStackGetsReadyInjectsNothing) {
  write("outage.yaml",
        ledger_scenario(kShortCut,
                        "stack: {start: [sleep, '60'], ready: {tcp: '127.0.0.1:8545'},"
                        " ready_within: 60s}\n"));
  const auto run = start("printed", blackstart("run outage.yaml --plain --out run"));
  EXPECT_TRUE(comes_true(10s, [&] { return saw("phase"); }));
  ::poll(nullptr, 0, 200);
  ::kill(run->pid(), SIGINT);
  EXPECT_EQ(end_of(*run), 130) << printed();
  EXPECT_FALSE(saw("on"));
}

INSTANTIATE_TEST_SUITE_P(Stop, VerdictOfSignal, testing::Values(SIGINT, SIGTERM),
                         [](const auto& one) { return one.param == SIGINT ? "Int" : "Term"; });

// glibc itself asks, in a sandbox whose names come from a server of the test's own.
class VerdictOfNames : public RealRun {
 protected:
  Outcome play_names(const std::string& answer, const std::string& probe) const {
    return play(
        "blackstart: 1\n"
        "title: The ledger's name is taken away\n"
        "where: sandbox\n"
        "targets: {name: {names: [ledger.example]}}\n"
        "stack: {start: [sh, -c, '" +
            kLedgerProgram + " ledger --listen 127.0.0.1:8545 --item alice=42.5 & exec " +
            kLedgerProgram +
            " zone --listen 127.0.0.1:5353 --record ledger.example=127.0.0.1'],"
            " ready: {tcp: '127.0.0.1:8545'}, ready_within: 10s}\n"
            "probes: {name: {" +
            probe +
            ", every: 100ms, timeout: 3s}}\n"
            "watch: {baseline: 500ms, hold: 500ms, limit: 10s}\n"
            "timeline: [{at: 0s, for: 600ms, dns: {target: name, answer: " +
            answer +
            "}}]\n"
            "objectives: {name: {recover_within: 5s}}\n",
        "--upstream 127.0.0.1:5353");
  }
};

TEST_F(VerdictOfNames, GetaddrinfoLosesTheNameAndGetsItBack) {
  const Outcome held =
      play_names("nxdomain", "exec: [sh, -c, 'getent ahosts ledger.example || exit 1']");
  EXPECT_EQ(held.code, 0) << held.output;
  EXPECT_EQ(report().at("probes").at("name").at("verdict"), "recovered");
  EXPECT_GT(report().at("faults").at(0).at("matched").at("questions"), 2);
}

TEST_F(VerdictOfNames, HttpByNameFailsForTheNamesReason) {
  const Outcome held = play_names("nodata", "http: 'http://ledger.example:8545/balance/alice'");
  EXPECT_EQ(held.code, 0) << held.output;
  const Json probe = report().at("probes").at("name");
  EXPECT_EQ(probe.at("verdict"), "recovered");
  EXPECT_THAT(probe.at("reasons").dump(), HasSubstr("NODATA"));
}

TEST_F(VerdictOfNames, AHostThatDoesNotExistIsTheReason) {
  const Outcome sick = play_names("nodata", "http: 'http://nowhere.example/'");
  EXPECT_EQ(sick.code, 4) << sick.output;
  EXPECT_THAT(sick.output, HasSubstr("NXDOMAIN"));
  EXPECT_FALSE(saw("on"));
}

TEST_F(VerdictOfNames, AServiceThatCallsItWellHasLied) {
  const Outcome lied =
      play_names("servfail",
                 "exec: [sh, -c, 'getent ahosts ledger.example || { echo all is well; exit 2; }']");
  EXPECT_EQ(lied.code, 5) << lied.output;
  EXPECT_EQ(report().at("probes").at("name").at("verdict"), "lied");
  EXPECT_GT(report().at("probes").at("name").at("wrong"), 2);
}

}  // namespace
}  // namespace blackstart::test
