#include "core/timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/scenarios.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::fault_entry;
using test::note_entry;
using test::scenario_of;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Timeline, SaysWhatIsInForceFromItsStartUntilBeforeItsEnd) {
  const Timeline timeline{scenario_of({fault_entry("cut", 10s, 20s)})};
  EXPECT_THAT(timeline.in_force(9999ms), IsEmpty());
  EXPECT_THAT(timeline.in_force(10s), ElementsAre(0));
  EXPECT_THAT(timeline.in_force(29999ms), ElementsAre(0));
  EXPECT_THAT(timeline.in_force(30s), IsEmpty());
}

TEST(Timeline, HealsTheOldFaultAndStartsTheNextAtTheSameInstant) {
  const Timeline timeline{
      scenario_of({fault_entry("first", 0s, 10s), fault_entry("second", 10s, 5s)})};
  EXPECT_THAT(timeline.in_force(10s), ElementsAre(1));
  EXPECT_EQ(timeline.next_change(0s), 10s);
  EXPECT_EQ(timeline.next_change(10s), 15s);
  EXPECT_EQ(timeline.next_change(15s), std::nullopt);
}

TEST(Timeline, PutsTheFaultThatStartedLastLast) {
  const Timeline timeline{scenario_of({fault_entry("late", 5s, 60s), fault_entry("early", 0s, 60s),
                                       fault_entry("late too", 5s, 60s)})};
  EXPECT_THAT(timeline.in_force(10s), ElementsAre(1, 0, 2));
}

TEST(Timeline, APulseThatComesAgainHasStartedLast) {
  const Timeline timeline{scenario_of(
      {fault_entry("pulse", 0s, 60s, Pulse{10s, 10s}), fault_entry("steady", 5s, 50s)})};
  EXPECT_THAT(timeline.in_force(6s), ElementsAre(0, 1));
  EXPECT_THAT(timeline.in_force(15s), ElementsAre(1));
  EXPECT_THAT(timeline.in_force(25s), ElementsAre(1, 0));
}

TEST(Timeline, AFaultWithoutAnEndLastsToTheEndOfTheTimeline) {
  const Timeline timeline{
      scenario_of({fault_entry("open", 2s), fault_entry("cut", 5s, 20s), note_entry("hm", 30s)})};
  EXPECT_EQ(timeline.extent(0).to, 30s);
  EXPECT_EQ(timeline.length(), 30s);
}

TEST(Timeline, SpeedDividesEveryTimeOfIt) {
  Scenario scenario = scenario_of(
      {fault_entry("cut", 1min, 2min, Pulse{30s, 15s}), note_entry("there it goes", 1min)});
  scenario.speed = 60;
  const Timeline timeline{scenario};
  EXPECT_EQ(timeline.extent(0).from, 1s);
  EXPECT_EQ(timeline.length(), 3s);
  EXPECT_EQ(timeline.next_change(1s), 1500ms);
  EXPECT_EQ(timeline.next_change(1500ms), 1750ms);
  EXPECT_EQ(timeline.next_note(0s), 1s);
}

TEST(Timeline, APulseIsCutOffByTheEnd) {
  const Timeline timeline{scenario_of({fault_entry("pulse", 0s, 25s, Pulse{10s, 5s})})};
  EXPECT_EQ(timeline.extent(0).to, 25s);
  EXPECT_EQ(timeline.state(0, 20s).until, 25s);
  const Timeline paused{scenario_of({fault_entry("pulse", 0s, 28s, Pulse{10s, 5s})})};
  EXPECT_EQ(paused.extent(0).to, 25s) << "it ends in a pause";
}

TEST(Timeline, TenHoursOfTenMillisecondPulsesCostNothing) {
  const Timeline timeline{scenario_of({fault_entry("pulse", 0s, 10h, Pulse{10ms, 10ms})})};
  EXPECT_THAT(timeline.in_force(10h - 15ms), ElementsAre(0));
  EXPECT_THAT(timeline.in_force(10h - 5ms), IsEmpty());
  EXPECT_EQ(timeline.next_change(5h + 3ms), 5h + 10ms);
}

TEST(Timeline, WalkingItMeetsEveryEdgeOnceWithoutDrift) {
  Scenario scenario = scenario_of({fault_entry("pulse", 0s, 10min, Pulse{70ms, 30ms})});
  scenario.speed = 7;
  const Timeline timeline{scenario};
  std::size_t edges = 0;
  Duration last{-1};
  for (auto at = timeline.next_change(last); at; at = timeline.next_change(last)) {
    EXPECT_EQ(timeline.in_force(*at).empty(), edges % 2 == 1);
    last = *at;
    ++edges;
  }
  EXPECT_EQ(edges, 12'000u);
  EXPECT_EQ(last, timeline.real(10min - 30ms));
}

TEST(Timeline, HoweverFastAFaultIsInForceForATick) {
  Scenario scenario = scenario_of({fault_entry("blink", 1s, 1us)});
  scenario.speed = 1e6;
  const Timeline timeline{scenario};
  const auto from = timeline.extent(0).from;
  EXPECT_THAT(timeline.in_force(from), ElementsAre(0));
  EXPECT_EQ(timeline.next_change(from), from + 1ns);
}

TEST(Timeline, ListsTheNotesOfAnInstantInTheFilesOrder) {
  const Timeline timeline{
      scenario_of({note_entry("a", 1s), fault_entry("cut", 1s, 1s), note_entry("b", 1s)})};
  EXPECT_THAT(timeline.notes_at(1s), ElementsAre(0, 2));
  EXPECT_EQ(timeline.next_note(1s), std::nullopt);
  EXPECT_FALSE(timeline.state(0, 1s).on);
}

}  // namespace
}  // namespace blackstart
