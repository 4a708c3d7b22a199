#include "core/analysis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/probe_tally.h"
#include "support/story.h"

// covers core/sentence
// covers core/report
// covers core/fault_tally

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::fault_entry;
using test::objective;
using test::Story;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(Analysis, ARunThatNothingNoticedIsHeld) {
  const RunReport got = Story{}.report();
  EXPECT_EQ(got.verdict, RunVerdict::held);
  EXPECT_EQ(got.exit_code, 0);
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::absorbed);
  EXPECT_EQ(got.sentence, "HELD: every objective was met; nothing left normal");
  EXPECT_EQ(got.first_on, RunTime{10s});
  EXPECT_EQ(got.last_lift, RunTime{20s});
  EXPECT_EQ(got.ended, RunTime{60s});
  EXPECT_FALSE(got.interrupted);
}

TEST(Analysis, AProbeThatCameBackInTimeHasRecovered) {
  Story story;
  story.failing = {{11s, 23100ms}};
  const RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::held);
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::recovered);
  EXPECT_EQ(got.sentence, "HELD: every objective was met; balance was back 3.1 s after the lift");
  ASSERT_THAT(got.probes[0].objectives, SizeIs(2));
  EXPECT_EQ(got.probes[0].objectives[0].name, "recover_within");
  EXPECT_EQ(got.probes[0].objectives[0].limit, 5.0);
  EXPECT_EQ(got.probes[0].objectives[0].value, 3.1);
}

TEST(Analysis, AProbeThatCameBackTooLateIsSlowAndTheRunMissed) {
  Story story;
  story.failing = {{11s, 26s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::slow);
  EXPECT_EQ(got.verdict, RunVerdict::missed);
  EXPECT_EQ(got.exit_code, 5);
  EXPECT_EQ(got.sentence, "MISSED: balance came back 6 s after the lift, allowed 5 s");
}

TEST(Analysis, LyingBeatsEveryOtherWord) {
  Story story;
  story.failing = {{11s, 26300ms}};
  story.lying = {{14s, 28s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::lied);
  EXPECT_EQ(got.probes[0].wrong, 140u);
  EXPECT_EQ(got.probes[0].first_wrong, RunTime{14s});
  EXPECT_EQ(got.probes[0].last_wrong, RunTime{27900ms});
  EXPECT_EQ(got.probes[0].wrong_evidence, "200 {\"balance\": 0} of sample 140");
  EXPECT_EQ(got.sentence,
            "MISSED: balance came back 8 s after the lift, allowed 5 s; and it lied 140 times");
}

TEST(Analysis, LyingWithinWhatIsAllowedIsNotLying) {
  Story story;
  story.lying = {{14s, 14150ms}};
  story.asked().max_wrong = 2;
  EXPECT_EQ(story.report().probes[0].verdict, ProbeVerdict::recovered);
  story.asked().max_wrong = 1;
  const RunReport got = story.report();
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::lied);
  EXPECT_EQ(got.sentence, "MISSED: balance lied 2 times, allowed 1");
}

TEST(Analysis, AProbeThatIsNotBackAtTheEndIsStuck) {
  Story story;
  story.failing = {{11s, 100s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::stuck);
  EXPECT_EQ(got.exit_code, 5);
  EXPECT_EQ(got.sentence, "MISSED: balance was not back within 30 s of the lift");
}

TEST(Analysis, BeingStuckIsAMissEvenWhereNoTimeWasAsked) {
  Story story;
  story.scenario.objectives[0] = Objective{};
  story.failing = {{11s, 100s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::missed);
  EXPECT_EQ(got.probes[0].objectives[0].name, "limit");
  EXPECT_FALSE(got.probes[0].objectives[0].met);
}

TEST(Analysis, AProbeThatCameBackAndLeftForGoodIsStuck) {
  Story story;
  story.failing = {{11s, 21s}, {50s, 100s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.probes[0].recovered, 1s);
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::stuck);
  EXPECT_EQ(got.sentence, "MISSED: balance came back and left again");
}

TEST(Analysis, HoldsDowntimeAmplificationAndMitigationToTheirLimits) {
  Story story;
  story.failing = {{11s, 24s}};
  story.asked() = objective({.mitigate_within = 4s, .max_downtime = 12s, .max_amplification = 1.3});
  EXPECT_EQ(story.report().sentence,
            "MISSED: balance was not mitigated while the fault held, allowed 4 s; and it was down "
            "for 13 s, allowed 12 s; and it took 1.4 times as long as the fault, allowed 1.3");
  story.asked() = objective({.mitigate_within = 4s, .max_downtime = 13s, .max_amplification = 1.4});
  story.failing = {{11s, 14s}};
  EXPECT_EQ(story.report().verdict, RunVerdict::held) << story.report().sentence;
  story.failing = {{11s, 14100ms}};
  EXPECT_EQ(story.report().sentence, "MISSED: balance was mitigated after 4.1 s, allowed 4 s");
}

TEST(Analysis, AFaultShorterThanTheMitigationAllowedCannotMissIt) {
  Story story;
  story.failing = {{11s, 22s}};
  story.asked() = objective({.mitigate_within = 12s});
  EXPECT_EQ(story.report().verdict, RunVerdict::held);
  story.asked() = objective({.mitigate_within = 11s});
  EXPECT_EQ(story.report().verdict, RunVerdict::missed);
}

TEST(Analysis, AProbeWithoutObjectivesIsReportedAndNotJudged) {
  Story story;
  story.scenario.objectives.clear();
  story.failing = {{11s, 100s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::held);
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::stuck);
  EXPECT_THAT(got.probes[0].objectives, IsEmpty());
  EXPECT_EQ(got.sentence, "HELD: no objective was set; balance stuck");
}

TEST(Analysis, AControlThatMovedMakesTheRunInvalidWhateverWasMissed) {
  Story story;
  story.failing = {{11s, 100s}};
  story.control_failing = {{15s, 15200ms}};
  const RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::invalid);
  EXPECT_EQ(got.exit_code, 6);
  EXPECT_THAT(got.sentence, HasSubstr("control probe ledger moved"));
}

TEST(Analysis, AFaultThatHitNothingProvesNothing) {
  Story story;
  story.proofs = {{.entry = 0, .bytes = 10, .answers = {}}};
  EXPECT_EQ(story.report().exit_code, 6);
  EXPECT_EQ(story.report().sentence, "INVALID: 'cut' hit nothing, so the run proves nothing");
  story.proofs = {};
  EXPECT_EQ(story.report().exit_code, 6) << "no proof at all";
  story.scenario.timeline[0].may_miss = true;
  EXPECT_EQ(story.report().exit_code, 0);
  EXPECT_FALSE(story.report().faults[0].proven);
}

TEST(Analysis, AFaultThatNeverCameIntoForceProvesNothingEither) {
  Story story;
  story.scenario.timeline.push_back(fault_entry("late", 9s, 1s));
  story.proofs.push_back({.entry = 1, .packets = 1, .answers = {}});
  EXPECT_EQ(story.report().sentence,
            "INVALID: 'late' never came into force, so the run proves nothing");
}

TEST(Analysis, TellsOfEachFaultWhenItWasInForceAndHowSharpItsEdgesWere) {
  Story story;
  story.scenario.timeline[0].pulse = Pulse{2s, 2s};
  story.edges = {test::edge(0, true, 10s, 1ms), test::edge(0, false, 12s, 3ms),
                 test::edge(0, true, 14s), test::edge(0, false, 16s)};
  const FaultReport got = story.report().faults.at(0);
  EXPECT_EQ(got.name, "cut");
  EXPECT_EQ(got.kind, "partition");
  EXPECT_EQ(got.target, "db");
  EXPECT_EQ(got.engine, "nftables");
  EXPECT_EQ(got.on, RunTime{10s});
  EXPECT_EQ(got.lift, RunTime{16s});
  EXPECT_EQ(got.edges, 4u);
  EXPECT_EQ(got.widest_edge, 3ms);
  ASSERT_THAT(got.spans, SizeIs(2));
  EXPECT_EQ(got.spans[1].from, RunTime{14s});
  EXPECT_TRUE(got.proven);
}

TEST(Analysis, ThePictureOfAFaultThatPulsesForHoursStaysSmall) {
  Story story;
  story.edges.clear();
  for (int i = 0; i < 1'000; ++i) {
    story.edges.push_back(test::edge(0, true, 10s + i * 10ms));
    story.edges.push_back(test::edge(0, false, 10s + i * 10ms + 5ms));
  }
  const FaultReport got = story.report().faults.at(0);
  EXPECT_LE(got.spans.size(), 256u);
  EXPECT_EQ(got.spans.front().from, RunTime{10s});
  EXPECT_EQ(got.spans.back().to, RunTime{19995ms});
  EXPECT_EQ(got.edges, 2'000u);
}

TEST(Analysis, TwoFaultsThatOverlapAreOverWithTheLaterLift) {
  Story story;
  story.scenario.timeline.push_back(fault_entry("other", 5s, 10s));
  story.edges = {test::edge(0, true, 10s), test::edge(1, true, 15s), test::edge(0, false, 20s),
                 test::edge(1, false, 25s)};
  story.failing = {{11s, 26s}};
  const RunReport got = story.report();
  EXPECT_EQ(got.last_lift, RunTime{25s});
  EXPECT_EQ(got.probes[0].recovered, 1s);
  EXPECT_EQ(got.faults[0].lift, RunTime{20s});
}

TEST(Analysis, CountsReasonsAndSamplesThatWereNeverSent) {
  Analysis analysis{Story{}.scenario};
  for (std::uint64_t i = 0; i < 100; ++i) {
    ProbeSample sample = test::ScriptedService{.failing = {{0s, 1h}}}.sample(0, i, i * 100ms);
    if (i < 10) sample.result.reason = "not sent: 64 samples are under way";
    if (i >= 50) sample.result.reason = "reset after " + std::to_string(i) + " bytes";
    analysis.add(sample);
  }
  const ProbeReport got = analysis.report().probes.at(0);
  EXPECT_EQ(got.capped, 10u);
  EXPECT_EQ(got.failed, 100u);
  EXPECT_EQ(got.samples, 100u);
  EXPECT_EQ(got.reasons.at("connection refused"), 40u);
  EXPECT_EQ(got.reasons.size(), kReasonsMax + 1);
  EXPECT_EQ(got.reasons.at(std::string{kOtherReasons}), 20u);
}

TEST(Analysis, DrawsAStripOfEachProbe) {
  Story story;
  story.failing = {{11s, 12s}};
  const Strip got = story.report().probes[0].strip;
  std::uint64_t ok = 0, failed = 0;
  for (const StripBin& bin : got.bins) {
    ok += bin.ok;
    failed += bin.failed;
  }
  EXPECT_EQ(failed, 10u);
  EXPECT_EQ(ok, 590u);
}

TEST(Analysis, AskingOnTheWayChangesNothing) {
  Story story;
  story.failing = {{11s, 23100ms}};
  Analysis asked{story.scenario};
  for (const RunEvent& event : story.events()) {
    asked.add(event);
    if (test::instant_of(event).since_start % 1s == 2ms) asked.report();
  }
  EXPECT_EQ(asked.report().sentence, story.report().sentence);
  EXPECT_EQ(asked.report().probes[0].back_to_speed, story.report().probes[0].back_to_speed);
  EXPECT_EQ(asked.report().probes[0].downtime, story.report().probes[0].downtime);
}

TEST(Analysis, EventsOfWhatTheScenarioDoesNotHaveAreIgnored) {
  Analysis analysis{Story{}.scenario};
  analysis.add(test::ScriptedService{}.sample(9, 0, 0s));
  analysis.add(test::edge(9, true, 1s));
  analysis.add(Proof{.entry = 9, .packets = 1, .answers = {}});
  EXPECT_EQ(analysis.report().first_on, std::nullopt);
}

}  // namespace
}  // namespace blackstart
