#include "core/conductor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/conductor_play.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::fault_entry;
using test::note_entry;
using test::Play;
using test::scenario_of;
using test::simple;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Conductor, LeadsARunFromBaselineToTheEndOfTheHold) {
  Play play{simple()};
  play.run();
  EXPECT_THAT(play.log, ElementsAre("0 baseline", "5000 timeline", "5000 switch +0",
                                    "15000 switch -0", "15001 watching", "17102 ended"));
  ASSERT_TRUE(play.finish);
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
  EXPECT_EQ(play.conductor().first_on(), RunTime{5001ms});
  EXPECT_EQ(play.conductor().last_lift(), RunTime{15001ms});
}

TEST(Conductor, WaitsForTheProbeThatIsBackLast) {
  Play play{simple()};
  play.services[0].failing = {{6s, 21s}};
  play.services[1].failing = {{6s, 16s}};
  play.run();
  EXPECT_EQ(play.log.back(), "23002 ended");
}

TEST(Conductor, AProbeThatLeavesAgainWhileAnotherIsAwaitedIsAwaitedToo) {
  Play play{simple()};
  play.services[0].failing = {{6s, 25s}};
  play.services[1].failing = {{24s, 30s}};
  play.run();
  EXPECT_EQ(play.log.back(), "32002 ended");
}

TEST(Conductor, GivesUpAtTheLimit) {
  Play play{simple()};
  play.services[0].failing = {{6s, 100s}};
  play.run();
  EXPECT_EQ(play.log.back(), "45001 ended") << "30 s after the lift";
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
}

TEST(Conductor, EndsBeforeAnyFaultWhenAProbeIsNotNormal) {
  Play play{simple()};
  play.services[1].failing = {{1s, 2s}};
  play.run();
  ASSERT_TRUE(play.finish);
  EXPECT_EQ(play.finish->why, EndEvent::Why::not_normal);
  EXPECT_EQ(play.finish->text,
            "ledger was 80% ok before the fault, 99% is needed: connection refused");
  EXPECT_THAT(play.switches, IsEmpty());
}

TEST(Conductor, OneWrongAnswerOfAThousandIsNotNormal) {
  Scenario scenario = simple();
  scenario.probes[0].every = 10ms;
  scenario.watch.baseline = 20s;
  Play play{std::move(scenario)};
  play.services[0].lying = {{1s, 1010ms}};
  play.run();
  EXPECT_THAT(play.finish->text, HasSubstr("balance answered wrongly before the fault"));
}

TEST(Conductor, AsksNothingOfABaselineOfZero) {
  Scenario scenario = simple();
  scenario.watch.baseline = 0s;
  Play play{std::move(scenario)};
  play.services[0].failing = {{0s, 3s}};
  play.run();
  EXPECT_THAT(play.log[1], "0 timeline");
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
}

TEST(Conductor, WaitsForSamplesOfTheBaselineThatAreStillUnderWay) {
  Play play{simple()};
  play.services[0].takes = [](Duration due, Outcome) {
    return test::Taken{0ms, due == 4900ms ? 700ms : 2ms};
  };
  play.run();
  EXPECT_EQ(play.log[1], "5600 timeline");
}

TEST(Conductor, AProbeThatNeverAnswersIsNotNormal) {
  Play play{simple()};
  play.services[0].takes = [](Duration, Outcome) { return test::Taken{0ms, 1h}; };
  play.run();
  EXPECT_EQ(play.finish->text, "balance gave no answer in time");
  EXPECT_EQ(play.log.back(), "7000 ended") << "baseline, timeout and a second";
}

TEST(Conductor, SwitchesTheWholeStateAtOnceAndNamesLiftsFirst) {
  Play play{scenario_of({fault_entry("a", 0s, 10s), fault_entry("b", 10s, 5s),
                         note_entry("now", 10s), fault_entry("c", 2s, 20s)})};
  play.run();
  ASSERT_EQ(play.switches.size(), 5u);
  EXPECT_EQ(play.log[4], "10000 note now");
  EXPECT_EQ(play.log[5], "10000 switch -0 +1");
  EXPECT_THAT(play.switches[2].in_force, ElementsAre(3, 1));
  EXPECT_EQ(play.switches[2].changes[0].due, RunTime{10s});
}

TEST(Conductor, ARunnerThatIsLateIsAskedForThePresent) {
  Play play{scenario_of({fault_entry("pulse", 0s, 60s, Pulse{1s, 1s})})};
  play.switch_takes = 7500ms;
  play.run();
  for (std::size_t i = 0; i + 1 < play.switches.size(); ++i) {
    EXPECT_EQ(play.switches[i].changes[0].on, i % 2 == 0);
  }
  EXPECT_LE(play.switches.size(), 10u);
  EXPECT_THAT(play.switches.back().in_force, IsEmpty());
}

TEST(Conductor, AnEntryThatWasNeverInForceIsNotSkipped) {
  Play play{scenario_of({fault_entry("slow to load", 0s, 20s), fault_entry("blink", 1s, 100ms),
                         fault_entry("wink", 2s, 100ms)})};
  play.switch_takes = 5s;
  play.run();
  EXPECT_THAT(play.log, ElementsAre("0 baseline", "0 timeline", "0 switch +0", "5000 switch +1",
                                    "10000 switch -1 +2", "15000 switch -2", "20000 switch -0",
                                    "25000 watching", "27000 ended"));
}

TEST(Conductor, AnInterruptLiftsFirstAndThenEnds) {
  Play play{simple()};
  play.meddle = [](Duration now, Conductor& conductor) {
    if (now >= 8s) conductor.interrupt(15);
    if (now >= 8s) conductor.interrupt(2);
  };
  play.run();
  EXPECT_THAT(play.log, ElementsAre("0 baseline", "5000 timeline", "5000 switch +0",
                                    "8002 switch -0", "8003 ended"));
  EXPECT_EQ(play.finish->why, EndEvent::Why::interrupted);
  EXPECT_EQ(play.finish->signal, 15) << "the first one";
}

TEST(Conductor, AnInterruptBeforeAnyFaultHasNothingToLift) {
  Conductor conductor{simple()};
  conductor.interrupt(2);
  const auto actions = conductor.advance({1s});
  ASSERT_EQ(actions.size(), 2u);
  EXPECT_EQ(std::get<Finish>(actions[1]).signal, 2);
  EXPECT_THAT(conductor.advance({2s}), IsEmpty());
}

TEST(Conductor, AnErrorLiftsAndEndsToo) {
  Play play{simple()};
  play.meddle = [](Duration now, Conductor& conductor) {
    if (now >= 8s) conductor.fail("the tables are lost");
  };
  play.run();
  EXPECT_EQ(play.log[3], "8002 switch -0");
  EXPECT_EQ(play.finish->why, EndEvent::Why::error);
  EXPECT_EQ(play.finish->text, "the tables are lost");
}

TEST(Conductor, ASwitchThatFailedIsNotOutstanding) {
  Play play{simple()};
  play.switch_fails = "no such table";
  play.run();
  EXPECT_EQ(play.switches.size(), 1u) << "nothing was in force: nothing to lift";
  EXPECT_EQ(play.finish->why, EndEvent::Why::error);
}

TEST(Conductor, ALiftThatFailedIsNotAskedForAgain) {
  Play play{simple()};
  play.meddle = [&](Duration now, Conductor& conductor) {
    if (now < 8s || play.finish) return;
    conductor.interrupt(2);
    play.switch_fails = "no such table";
  };
  play.run();
  EXPECT_EQ(play.switches.size(), 2u);
  EXPECT_EQ(play.finish->why, EndEvent::Why::interrupted);
}

TEST(Conductor, AGuardLiftsWhenAProbeHasFailedForTooLong) {
  Scenario scenario = simple();
  scenario.guards = {{.probe = 0, .failing_for = 3s}};
  Play play{std::move(scenario)};
  play.services[0].failing = {{6s, 100s}};
  play.run();
  EXPECT_THAT(play.log,
              ElementsAre("0 baseline", "5000 timeline", "5000 switch +0",
                          "8902 guard balance failed for 3s", "8902 switch -0", "8903 ended"));
  EXPECT_EQ(play.finish->why, EndEvent::Why::guard);
  EXPECT_EQ(play.finish->text, "balance failed for 3s");
}

TEST(Conductor, AGuardForgetsFailuresThatAnOkSampleInterrupts) {
  Scenario scenario = simple();
  scenario.guards = {{.probe = 0, .failing_for = 3s}};
  Play play{std::move(scenario)};
  play.services[0].failing = {{6s, 8500ms}, {8700ms, 11s}};
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
}

TEST(Conductor, AfterTheLastLiftAGuardHasNothingToProtect) {
  Scenario scenario = simple();
  scenario.guards = {{.probe = 0, .failing_for = 3s}};
  Play play{std::move(scenario)};
  play.services[0].failing = {{13s, 25s}};
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
}

TEST(Conductor, MaxDurationEndsARunWhereverItIs) {
  Scenario scenario = simple();
  scenario.max_duration = 12s;
  Play play{std::move(scenario)};
  play.services[0].failing = {{6s, 100s}};
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::guard);
  EXPECT_EQ(play.log.back(), "17001 ended");
  EXPECT_EQ(play.finish->text, "the run reached its max_duration of 12s");
}

TEST(Conductor, ATimelineOfNotesOnlyIsToldToItsEnd) {
  Play play{scenario_of({note_entry("a", 0s), note_entry("b", 3s)})};
  play.run();
  EXPECT_THAT(play.log, ElementsAre("0 baseline", "0 timeline", "0 note a", "0 watching",
                                    "3000 note b", "3000 ended"));
}

TEST(Conductor, NotesAfterTheLastLiftAreWaitedFor) {
  Play play{scenario_of({fault_entry("cut", 0s, 1s), note_entry("epilogue", 40s)})};
  play.run();
  EXPECT_EQ(play.log.back(), "40000 ended") << "although the limit is 30 s";
}

TEST(Conductor, TenHoursOfPulsesArePlayedToTheEnd) {
  Play play{scenario_of({fault_entry("pulse", 0s, 10h, Pulse{5min, 5min})})};
  play.run(11h);
  EXPECT_EQ(play.switches.size(), 120u);
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
}

TEST(Conductor, SamplesOfProbesThatDoNotExistAreIgnored) {
  Conductor conductor{simple()};
  conductor.start({0s});
  conductor.on_sample(test::ScriptedService{}.sample(7, 0, 0s));
  EXPECT_EQ(conductor.advance({0s}).size(), 1u);
}

}  // namespace
}  // namespace blackstart
