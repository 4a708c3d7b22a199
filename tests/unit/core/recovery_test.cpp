#include "core/recovery.h"

#include <gtest/gtest.h>

#include "support/scripted_service.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::TimeSpan;

// One probe, one service, some faults; every figure of it after `ends`.
struct Rehearsal {
  RecoveryRules rules{.every = 100ms, .timeout = 1s, .hold = 2s, .normal = Objective{}.normal};
  test::ScriptedService service{};
  std::vector<TimeSpan> faults{};  // none in force in between
  Duration edge_width{};
  Duration ends = 60s;

  std::vector<RunEvent> events() const {
    std::vector<RunEvent> all;
    for (const TimeSpan& fault : faults) {
      all.push_back(test::edge(0, true, fault.from, edge_width));
      if (fault.to <= ends) all.push_back(test::edge(0, false, fault.to, edge_width));
    }
    for (ProbeSample& sample : service.samples(0, rules.every, 0s, ends)) {
      if (sample.done <= RunTime{ends}) all.push_back(std::move(sample));
    }
    test::sort_as_known(all);
    return all;
  }

  RecoveryTracker tracker() const {
    RecoveryTracker made{rules};
    for (const RunEvent& event : events()) {
      if (const auto* sample = std::get_if<ProbeSample>(&event)) made.on_sample(*sample);
      if (const auto* edge = std::get_if<FaultEdge>(&event)) {
        made.on_faults(edge->on, edge->asked, edge->at);
      }
    }
    return made;
  }

  RecoveryFigures figures() const {
    RecoveryTracker made = tracker();
    made.finish({ends});
    return made.figures();
  }
};

TEST(Recovery, OfAProbeThatNeverNoticedIsAbsorbed) {
  const auto got = Rehearsal{.faults = {{10s, 20s}}}.figures();
  EXPECT_FALSE(got.left_normal);
  EXPECT_EQ(got.first_impact, std::nullopt);
  EXPECT_EQ(got.mitigated, std::nullopt);
  EXPECT_EQ(got.first_good, std::nullopt);
  EXPECT_EQ(got.recovered, 0s);
  EXPECT_EQ(got.amplification, std::nullopt);
  EXPECT_EQ(got.downtime, 0s);
  EXPECT_TRUE(got.settled);
  EXPECT_EQ(got.baseline.samples, 100u);
  EXPECT_EQ(got.baseline.ok_share(), 1.0);
}

TEST(Recovery, OfAProbeThatFailsAWhileBeyondTheLiftIsCountedFromTheLift) {
  const auto got =
      Rehearsal{.service = {.failing = {{10250ms, 23s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_TRUE(got.left_normal);
  EXPECT_EQ(got.first_impact, 300ms);
  EXPECT_EQ(got.mitigated, std::nullopt);
  EXPECT_EQ(got.first_good, 3s);
  EXPECT_EQ(got.recovered, 3s) << "from the first ok sample, not from the window that showed it";
  EXPECT_EQ(got.back_to_speed, 3s);
  EXPECT_EQ(got.downtime, 12700ms);
  EXPECT_EQ(got.relapses, 0u);
  EXPECT_DOUBLE_EQ(*got.amplification, 1.3);
  EXPECT_TRUE(got.settled);
}

TEST(Recovery, ALongerHoldMakesUsSurerAndTheNumberNoLarger) {
  Rehearsal rehearsal{.service = {.failing = {{11s, 23s}}}, .faults = {{10s, 20s}}};
  for (const Duration hold : {Duration{0s}, Duration{500ms}, Duration{5s}, Duration{30s}}) {
    rehearsal.rules.hold = hold;
    EXPECT_EQ(rehearsal.figures().recovered, 3s) << hold.count();
  }
  rehearsal.rules.hold = 37s;
  EXPECT_EQ(rehearsal.figures().recovered, std::nullopt) << "the run ended 36.9 s later";
}

TEST(Recovery, ARunThatEndsBeforeTheHoldProvesNoReturn) {
  const auto got =
      Rehearsal{.service = {.failing = {{11s, 23s}}}, .faults = {{10s, 20s}}, .ends = 24900ms}
          .figures();
  EXPECT_EQ(got.first_good, 3s);
  EXPECT_EQ(got.recovered, std::nullopt);
  EXPECT_EQ(got.amplification, std::nullopt);
  EXPECT_FALSE(got.settled);
}

TEST(Recovery, ABlinkIsNoReturn) {
  const auto got =
      Rehearsal{.service = {.failing = {{11s, 22s}, {23s, 26s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_EQ(got.first_good, 2s);
  EXPECT_EQ(got.recovered, 6s);
  EXPECT_EQ(got.relapses, 0u) << "it had not been recovered";
}

TEST(Recovery, LeavingAgainAfterTheHoldIsARelapse) {
  const auto got = Rehearsal{
      .service = {.failing = {{11s, 22s}, {30s, 31s}, {40s, 41s}}},
      .faults = {
          {10s, 20s}}}.figures();
  EXPECT_EQ(got.recovered, 2s);
  EXPECT_EQ(got.relapses, 2u);
  EXPECT_TRUE(got.settled);
}

TEST(Recovery, ARelapseThatLastsIsNotSettled) {
  const auto got =
      Rehearsal{.service = {.failing = {{11s, 22s}, {50s, 61s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_EQ(got.recovered, 2s);
  EXPECT_EQ(got.relapses, 1u);
  EXPECT_FALSE(got.settled);
}

TEST(Recovery, FailingOnlyAfterTheLiftIsAnImpactAllTheSame) {
  const auto got =
      Rehearsal{.service = {.failing = {{21s, 25s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_EQ(got.first_impact, 11s);
  EXPECT_EQ(got.mitigated, std::nullopt);
  EXPECT_EQ(got.first_good, 5s);
  EXPECT_EQ(got.recovered, 5s);
  EXPECT_DOUBLE_EQ(*got.amplification, 1.5);
}

TEST(Recovery, AMitigationHoldsUntilTheLift) {
  const auto got =
      Rehearsal{.service = {.failing = {{10100ms, 14s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_EQ(got.mitigated, 4s);
  EXPECT_EQ(got.recovered, 0s);
  EXPECT_DOUBLE_EQ(*got.amplification, 1.0);
  EXPECT_EQ(got.first_good, 0s);
}

TEST(Recovery, AReturnThatDoesNotLastUntilTheLiftIsNoMitigation) {
  const auto got = Rehearsal{
      .service = {.failing = {{10100ms, 12s}, {18s, 21s}}},
      .faults = {
          {10s, 20s}}}.figures();
  EXPECT_EQ(got.mitigated, std::nullopt) << "although it lasted for 6 s, thrice the hold";
  EXPECT_EQ(got.recovered, 1s);
}

TEST(Recovery, AMitigationJustBeforeTheLiftMustHoldBeyondIt) {
  Rehearsal rehearsal{.service = {.failing = {{10100ms, 19s}}}, .faults = {{10s, 20s}}};
  EXPECT_EQ(rehearsal.figures().mitigated, 9s);
  rehearsal.service.failing.push_back({20500ms, 23s});
  EXPECT_EQ(rehearsal.figures().mitigated, std::nullopt);
  rehearsal.service.failing.back() = {30s, 31s};
  EXPECT_EQ(rehearsal.figures().mitigated, 9s) << "a relapse long after it changes nothing";
}

TEST(Recovery, AnAnswerThatWaitedForTheLiftIsNoMitigation) {
  Rehearsal rehearsal{.service = {.failing = {{10s, 19500ms}}}, .faults = {{10s, 20s}}};
  rehearsal.service.takes = [](Duration due, Outcome) {
    const bool waits = due >= 19500ms && due < 20s;
    return test::Taken{0ms, waits ? 20100ms - due : Duration{2ms}};
  };
  EXPECT_EQ(rehearsal.figures().mitigated, std::nullopt);
  EXPECT_EQ(rehearsal.figures().recovered, 0s);
}

TEST(Recovery, ASampleThatWasWaitingWhenTheFaultCameIsNotInTheBaseline) {
  Rehearsal rehearsal{.service = {.failing = {{9500ms, 15s}}}, .faults = {{10s, 20s}}};
  rehearsal.service.takes = [](Duration, Outcome outcome) {
    return test::Taken{0ms, outcome == Outcome::failed ? 1s : 2ms};
  };
  const auto got = rehearsal.figures();
  EXPECT_EQ(got.baseline.samples, 95u);
  EXPECT_EQ(got.baseline.ok_share(), 1.0);
  EXPECT_EQ(got.first_impact, 0s) << "the first that was due under the fault";
  EXPECT_EQ(got.downtime, 5s) << "counted from the fault on";
}

TEST(Recovery, FailuresOfBeforeTheFaultWorsenTheBaseline) {
  const auto got = Rehearsal{.service = {.failing = {{2s, 4s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_DOUBLE_EQ(*got.baseline.ok_share(), 0.8);
  EXPECT_FALSE(got.left_normal) << "it was normal again when the fault came";
  EXPECT_EQ(got.first_impact, std::nullopt);
}

TEST(Recovery, WithoutABaselineThereIsNoSpeedToComeBackTo) {
  Rehearsal rehearsal{.service = {.failing = {{1s, 12s}}}, .faults = {{0s, 10s}}};
  const auto got = rehearsal.figures();
  EXPECT_EQ(got.baseline.ok_share(), std::nullopt);
  EXPECT_EQ(got.first_impact, 1s);
  EXPECT_EQ(got.recovered, 2s);
  EXPECT_EQ(got.back_to_speed, std::nullopt);
}

TEST(Recovery, APulsingFaultIsOverWithItsLastLift) {
  const auto got = Rehearsal{.service = {.failing = {{10s, 12s}, {20s, 22s}, {30s, 35s}}},
                             .faults = {{10s, 12s}, {20s, 22s}, {30s, 32s}}}
                       .figures();
  EXPECT_EQ(got.first_impact, 0s);
  EXPECT_EQ(got.recovered, 3s);
  EXPECT_EQ(got.relapses, 0u) << "what came before the last fault is forgotten";
  EXPECT_EQ(got.mitigated, std::nullopt);
  EXPECT_EQ(got.during.count, 160u) << "ok ones between the first fault and the last lift";
  EXPECT_DOUBLE_EQ(*got.amplification, 25.0 / 22.0);
}

TEST(Recovery, AFaultThatIsNeverLiftedLeavesWhatFollowsTheLiftOpen) {
  const auto got =
      Rehearsal{.service = {.failing = {{11s, 61s}}}, .faults = {{10s, 99s}}}.figures();
  EXPECT_EQ(got.first_impact, 1s);
  EXPECT_EQ(got.recovered, std::nullopt);
  EXPECT_EQ(got.mitigated, std::nullopt);
  EXPECT_EQ(got.downtime, 49s);
  EXPECT_FALSE(got.settled);
}

TEST(Recovery, TheLastIntervalOfDowntimeEndsWithTheRun) {
  Rehearsal rehearsal{.service = {.failing = {{59s, 61s}}}, .faults = {{10s, 20s}}};
  rehearsal.ends = 59950ms;
  EXPECT_EQ(rehearsal.figures().downtime, 950ms);
}

TEST(Recovery, AStuckProbeNeverComesBack) {
  const auto got =
      Rehearsal{.service = {.failing = {{10s, 61s}}}, .faults = {{10s, 20s}}}.figures();
  EXPECT_EQ(got.first_good, std::nullopt);
  EXPECT_EQ(got.recovered, std::nullopt);
  EXPECT_EQ(got.back_to_speed, std::nullopt);
}

TEST(Recovery, OfNoSamplesAtAllSaysNothing) {
  RecoveryTracker tracker{Rehearsal{}.rules};
  tracker.on_faults(true, {10s}, {10s});
  tracker.on_faults(false, {20s}, {20s});
  tracker.finish({60s});
  const auto got = tracker.figures();
  EXPECT_EQ(got.baseline.ok_share(), std::nullopt);
  EXPECT_EQ(got.recovered, std::nullopt);
  EXPECT_FALSE(got.settled);
  EXPECT_FALSE(got.left_normal);
}

TEST(Recovery, AWrongAnswerIsNeverNormalHoweverManyAreRight) {
  Rehearsal rehearsal{.service = {.lying = {{15s, 15010ms}}}, .faults = {{10s, 20s}}};
  rehearsal.rules.every = 10ms;
  EXPECT_TRUE(rehearsal.figures().left_normal);
  rehearsal.service = {.failing = {{15s, 15010ms}}};
  EXPECT_FALSE(rehearsal.figures().left_normal) << "one failure of a hundred is within 99%";
  EXPECT_EQ(rehearsal.figures().first_impact, 5s);
  EXPECT_EQ(rehearsal.figures().mitigated, 5010ms);
}

TEST(Recovery, BeingBackAndSlowIsNotBackToSpeed) {
  Rehearsal rehearsal{.service = {.failing = {{11s, 22s}}}, .faults = {{10s, 20s}}};
  rehearsal.service.takes = [](Duration due, Outcome) {
    return test::Taken{0ms, due >= 20s && due < 28s ? 9ms : 4ms};
  };
  const auto got = rehearsal.figures();
  EXPECT_EQ(got.recovered, 2s);
  EXPECT_EQ(got.back_to_speed, 8s);
  EXPECT_NEAR(milliseconds_of(got.before.p95), 4.0, 0.04);
}

TEST(Recovery, LatencyIsCountedFromWhenTheSampleWasDue) {
  Rehearsal rehearsal{.faults = {{10s, 20s}}};
  rehearsal.service.takes = [](Duration due, Outcome) {
    return test::Taken{due < 10s ? 0ms : 40ms, 2ms};
  };
  const auto got = rehearsal.figures();
  EXPECT_EQ(got.before.most, 2ms);
  EXPECT_EQ(got.during.most, 42ms);
}

TEST(Recovery, EveryDurationCarriesAnIntervalAndTheWiderEdge) {
  const auto got = Rehearsal{.faults = {{10s, 20s}}, .edge_width = 4ms}.figures();
  EXPECT_EQ(got.uncertainty, 104ms);
}

TEST(Recovery, TellsHowLongItHasBeenFailingWithoutABreak) {
  Rehearsal rehearsal{.service = {.failing = {{11s, 13s}, {14s, 99s}}}, .faults = {{10s, 99s}}};
  rehearsal.ends = 20s;
  EXPECT_EQ(rehearsal.tracker().failing_for(), 6s);
  rehearsal.ends = 13500ms;
  EXPECT_EQ(rehearsal.tracker().failing_for(), 0s);
}

TEST(Recovery, IsTheSameWhetherOrNotSamplesFinishInOrder) {
  Rehearsal rehearsal{.service = {.failing = {{10150ms, 23s}}}, .faults = {{10s, 20s}}};
  const auto in_order = rehearsal.figures();
  rehearsal.service.takes = [](Duration, Outcome outcome) {
    return test::Taken{0ms, outcome == Outcome::failed ? 1s : 2ms};
  };
  const auto got = rehearsal.figures();
  EXPECT_EQ(got.first_impact, in_order.first_impact);
  EXPECT_EQ(got.recovered, in_order.recovered);
  EXPECT_EQ(got.downtime, in_order.downtime);
}

}  // namespace
}  // namespace blackstart
