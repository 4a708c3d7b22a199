#include "core/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/timer_audit.h"
#include "core/words.h"
#include "support/scenarios.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::fault_entry;
using test::note_entry;
using test::scenario_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

TEST(Plan, SaysLiftsThenStartsThenNotesOfEachInstant) {
  const Plan plan = make_plan(scenario_of({fault_entry("a", 0s, 10s), note_entry("look", 10s),
                                           fault_entry("b", 10s, 5s, Pulse{1s, 1s})}));
  ASSERT_EQ(plan.steps.size(), 3u);
  EXPECT_THAT(plan.steps[0].lines, ElementsAre("start 'a': drop everything, db, for 10s"));
  EXPECT_THAT(plan.steps[1].lines,
              ElementsAre("lift 'a'",
                          "start 'b' (again and again): drop everything, db, for 5s, pulsing 1s "
                          "on, 1s off",
                          "note: look"));
  EXPECT_THAT(plan.steps[1].off, ElementsAre(0));
  EXPECT_THAT(plan.steps[1].on, ElementsAre(2));
  EXPECT_EQ(plan.steps[2].incident, 15s);
}

TEST(Plan, KeepsIncidentTimeBesideRealTime) {
  Scenario scenario = scenario_of({fault_entry("a", 1h, 2h), fault_entry("open", 2h)});
  scenario.speed = 3600;
  scenario.watch = {.baseline = 10s, .hold = 5s, .limit = 60s};
  const Plan plan = make_plan(scenario);
  EXPECT_EQ(plan.steps[0].incident, 1h);
  EXPECT_EQ(plan.steps[0].real, 1s);
  EXPECT_EQ(plan.incident_length, 3h);
  EXPECT_EQ(plan.real_length, 3s);
  EXPECT_EQ(plan.shortest, 18s);
  EXPECT_EQ(plan.longest, 73s);
  EXPECT_THAT(plan.steps[1].lines[0], HasSubstr("for 1h, to the end of the timeline"));
  EXPECT_EQ(plan.needs, Needs::owned_tables);
}

TEST(TimerAudit, WarnsOfPhasesThatAreShorterThanAResolversTimeout) {
  Scenario scenario = scenario_of({fault_entry("short", 0s, 10min), fault_entry("long", 0s, 1h)});
  scenario.speed = 600;
  const auto warnings = audit_timers(scenario);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_EQ(warnings[0].text,
            "'short' is in force for 1 s of real time, less than 5 s (one resolver timeout): the "
            "stack may not notice it");
  scenario.speed = 1;
  EXPECT_THAT(audit_timers(scenario), IsEmpty());
}

TEST(TimerAudit, TheLongestTimerIsTheOneThatCounts) {
  Scenario scenario =
      scenario_of({fault_entry("cut", 0s, 30s, Pulse{20s, 6s})}, {test::probe("slow")});
  scenario.probes[0].timeout = 15s;
  ASSERT_EQ(audit_timers(scenario).size(), 1u);
  EXPECT_THAT(audit_timers(scenario)[0].text, HasSubstr("pauses for 6 s"));
  EXPECT_THAT(audit_timers(scenario)[0].text, HasSubstr("15 s (the timeout of slow)"));
  scenario.timeline[0].fault = std::make_shared<test::PlainFault>(Needs::redirect, 20s);
  EXPECT_THAT(audit_timers(scenario)[0].text, HasSubstr("40 s (twice the capped TTL)"));
}

TEST(TimerAudit, NamesTheCachesThatOutliveALiftOfNames) {
  Scenario scenario = scenario_of({fault_entry("names", 0s, 1h)});
  scenario.timeline[0].fault = std::make_shared<test::PlainFault>(Needs::redirect, 5s);
  const auto warnings = audit_timers(scenario);
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0].text, HasSubstr("for their TTL (capped at 5 s), in a JVM for 30 s"));
}

TEST(TimerAudit, SaysHowManyItLeftOut) {
  std::vector<Entry> many;
  for (int i = 0; i < 25; ++i) many.push_back(fault_entry("f" + std::to_string(i), i * 1s, 1s));
  const auto warnings = audit_timers(scenario_of(std::move(many)));
  EXPECT_EQ(warnings.size(), kTimerWarningsMax + 1);
  EXPECT_EQ(warnings.back().text, "and 5 more phases");
}

TEST(Words, SayAQuantityAsFinelyAsItWasMeasured) {
  EXPECT_EQ(span_in_words(0s), "0 ms");
  EXPECT_EQ(span_in_words(840us), "0.8 ms");
  EXPECT_EQ(span_in_words(340ms), "340 ms");
  EXPECT_EQ(span_in_words(999'700us), "1 s");
  EXPECT_EQ(span_in_words(31'270ms), "31.3 s");
  EXPECT_EQ(span_in_words(30s), "30 s");
  EXPECT_EQ(span_in_words(312'400ms), "5m12s");
  EXPECT_EQ(span_in_words(-2s), "-2 s");
  EXPECT_EQ(seconds_in_words(1.5), "1.5 s");
  EXPECT_EQ(counted(1, "probe", "probes"), "1 probe");
  EXPECT_EQ(counted(2, "probe", "probes"), "2 probes");
}

}  // namespace
}  // namespace blackstart
