// covers core/figures

#include "core/compare.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "support/run_sets.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::run_back_after;
using test::runs_back_after;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = FigureChange::Kind;

const Figure& figure(std::string_view key) {
  return *std::ranges::find(figures(), key, &Figure::key);
}

const FigureSummary& summary(const std::vector<ProbeSummary>& probes, std::string_view key) {
  return *std::ranges::find(probes.at(0).figures, key,
                            [](const FigureSummary& one) { return one.figure->key; });
}

const FigureChange& change(const Comparison& comparison, std::string_view key) {
  return *std::ranges::find(comparison.probes.at(0).figures, key,
                            [](const FigureChange& one) { return one.figure->key; });
}

TEST(Figures, AProbeThatWasNeverImpactedWasBackAtOnce) {
  ProbeReport spared;
  spared.recovered = Duration{};
  EXPECT_EQ(figure("first_impact_s").of(spared), kNever);
  EXPECT_EQ(figure("mitigated_s").of(spared), 0.0);
  EXPECT_EQ(figure("first_good_s").of(spared), 0.0);
  EXPECT_EQ(figure("recovered_s").of(spared), 0.0);
  EXPECT_EQ(figure("amplification").of(spared), 1.0);
  EXPECT_EQ(figure("back_to_speed_s").of(spared), std::nullopt);  // no speed to come back to
}

TEST(Figures, AProbeThatIsNotBackIsNever) {
  const ProbeReport stuck = run_back_after({}).probes[0];
  for (const char* key :
       {"mitigated_s", "first_good_s", "recovered_s", "back_to_speed_s", "amplification"}) {
    EXPECT_EQ(figure(key).of(stuck), kNever) << key;
  }
  EXPECT_EQ(figure("first_impact_s").of(stuck), 0.1);
  EXPECT_EQ(figure("downtime_s").of(stuck), 30.0);
}

TEST(Figures, ARunThatProvesNothingIsLeftOutAndSaysWhy) {
  EXPECT_EQ(why_left_out(run_back_after(1)), "");
  EXPECT_EQ(why_left_out(run_back_after({})), "");
  RunReport run = run_back_after(1);
  run.torn_lines = 1;
  EXPECT_EQ(why_left_out(run), "its journal is torn");
  run = run_back_after(1);
  run.end.reset();
  EXPECT_EQ(why_left_out(run), "interrupted: the journal has no end");
  run = run_back_after(1);
  run.first_on.reset();
  EXPECT_EQ(why_left_out(run), "no fault came into force");
  run.verdict = RunVerdict::invalid;
  EXPECT_EQ(why_left_out(run), "invalid");
  run.verdict = RunVerdict::not_started;
  EXPECT_EQ(why_left_out(run), "not normal before the fault");
  run.verdict = RunVerdict::stopped;
  run.end->why = EndEvent::Why::guard;
  EXPECT_EQ(why_left_out(run), "stopped by a guard");
  run.interrupted = true;
  EXPECT_EQ(why_left_out(run), "interrupted");
}

TEST(Summary, HasMedianRangeAndHowOftenItNeverCame) {
  const auto probes = summarize(runs_back_after({3, {}, 1, 2}), RunSeed{1});
  ASSERT_EQ(probes.size(), 1U);  // no control
  EXPECT_EQ(probes[0].name, "db");
  const FigureSummary& recovered = summary(probes, "recovered_s");
  EXPECT_EQ(recovered.runs, 4U);
  EXPECT_EQ(recovered.never, 1U);
  EXPECT_EQ(recovered.median, 2.5);
  EXPECT_EQ(recovered.least, 1.0);
  EXPECT_EQ(recovered.most, kNever);
  EXPECT_FALSE(recovered.interval);
}

TEST(Summary, HasAnIntervalFromFiveRunsOnThatComesFromTheSeed) {
  const auto runs = runs_back_after({3, 5, 1, 2, 4});
  const auto one = summary(summarize(runs, RunSeed{1}), "recovered_s").interval;
  const auto again = summary(summarize(runs, RunSeed{1}), "recovered_s").interval;
  ASSERT_TRUE(one && again);
  EXPECT_EQ(one->low, again->low);
  EXPECT_EQ(one->high, again->high);
  EXPECT_LT(one->low, 3.0);
  EXPECT_GT(one->high, 3.0);
}

TEST(Summary, LeavesOutWhatProvesNothing) {
  auto runs = runs_back_after({1, 2, 30});
  runs[2].verdict = RunVerdict::invalid;
  EXPECT_EQ(summary(summarize(runs, RunSeed{1}), "recovered_s").most, 2.0);
  EXPECT_THAT(summarize(std::span{runs}.last(1), RunSeed{1}), IsEmpty());
}

TEST(Compare, TellsSlowerFromFaster) {
  const auto quick = runs_back_after({1, 1.1, 1.2, 1.3, 1.4});
  const auto slow = runs_back_after({2, 2.1, 2.2, 2.3, 2.4});
  const Comparison worse = compare(quick, slow);
  EXPECT_TRUE(worse.slower);
  EXPECT_FALSE(worse.faster);
  EXPECT_EQ(change(worse, "recovered_s").word(), "slower");
  EXPECT_DOUBLE_EQ(change(worse, "recovered_s").difference().value(), 1.0);
  EXPECT_NEAR(change(worse, "recovered_s").test.p, 2.0 / 252.0, 1e-12);
  EXPECT_EQ(change(worse, "failed").word(), "no difference shown");
  EXPECT_EQ(change(worse, "mitigated_s").difference(), std::nullopt);

  const Comparison better = compare(slow, quick);
  EXPECT_TRUE(better.faster);
  EXPECT_FALSE(better.slower);
  EXPECT_EQ(change(better, "recovered_s").word(), "faster");
}

TEST(Compare, NotComingBackAtAllIsSlower) {
  const Comparison worse =
      compare(runs_back_after({1, 2, 3, 4}), runs_back_after({{}, {}, {}, {}}));
  EXPECT_EQ(change(worse, "recovered_s").word(), "slower");
  EXPECT_EQ(change(worse, "recovered_s").difference(), kNever);
  EXPECT_TRUE(worse.slower);
}

TEST(Compare, WrongAnswersGateAndFailedSamplesDoNot) {
  auto before = runs_back_after({1, 1, 1, 1, 1}), lying = before, failing = before;
  for (RunReport& run : lying) run.probes[0].wrong = 5;
  for (RunReport& run : failing) run.probes[0].failed = 500;
  EXPECT_TRUE(compare(before, lying).slower);
  EXPECT_EQ(change(compare(before, lying), "wrong").word(), "more");
  EXPECT_FALSE(compare(before, failing).slower);
  EXPECT_EQ(change(compare(before, failing), "failed").word(), "more");
}

TEST(Compare, AProbeWithoutAnObjectiveDoesNotGate) {
  const auto quick = runs_back_after({1, 2, 3, 4, 5});
  auto slow = runs_back_after({11, 12, 13, 14, 15});
  for (RunReport& run : slow) run.probes[0].judged = false;
  const Comparison comparison = compare(quick, slow);
  EXPECT_EQ(change(comparison, "recovered_s").word(), "slower");
  EXPECT_FALSE(comparison.slower);
  EXPECT_EQ(comparison.gating, 0U);
}

// With ties the approximation would call 3 against 3 significant.
TEST(Compare, ThreeASideAreTooFew) {
  const Comparison comparison = compare(runs_back_after({1, 1, 1}), runs_back_after({2, 2, 2}));
  EXPECT_EQ(change(comparison, "recovered_s").kind, Kind::too_few);
  EXPECT_EQ(change(comparison, "recovered_s").word(), "too few runs to tell");
  EXPECT_TRUE(comparison.too_few);
  EXPECT_FALSE(comparison.slower);
  EXPECT_FALSE(compare(runs_back_after({1, 2, 3, 4}), runs_back_after({1, 2, 3, 4})).too_few);
}

TEST(Compare, NamesProbesThatAreOnOneSideAlone) {
  auto before = runs_back_after({1}), now = before;
  now[0].probes[0].name = "cache";
  EXPECT_THAT(compare(before, now).only_in_one,
              ElementsAre("db: only in OLD", "cache: only in NEW"));
  EXPECT_THAT(compare(before, now).probes, IsEmpty());
}

TEST(Differences, AreThoseOfTheExperimentNotOfTheStack) {
  const Scenario before = run_back_after(1).scenario;
  Scenario now = before;
  now.seed = 7;
  now.stack.emplace();
  now.targets[0].port = {};
  now.objectives[0].recover_within = 5s;
  EXPECT_THAT(differences(before, now), IsEmpty());

  const auto count = [&](auto alter) {
    Scenario altered = before;
    alter(altered);
    return differences(before, altered).size();
  };
  EXPECT_EQ(count([](Scenario& one) { one.name = "other"; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.speed = 2; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.watch.hold = 9s; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.probes[0].every = 9s; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.probes.clear(); }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.timeline[0].lasts = 9s; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.timeline[0].pulse = Pulse{1s, 1s}; }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.timeline.clear(); }), 1U);
  EXPECT_EQ(count([](Scenario& one) { one.timeline.push_back(test::note_entry("so", 1s)); }), 0U);
  EXPECT_EQ(count([](Scenario& one) { one.objectives[0].normal = *Probability::from_percent(50); }),
            1U);
}

}  // namespace
}  // namespace blackstart
