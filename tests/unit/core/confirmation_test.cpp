// covers core/conductor
// A fault that may lock out its author lifts by itself unless a person confirms.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/conductor_play.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::fault_entry;
using test::Play;
using test::scenario_of;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::Not;

TEST(Confirmation, WithoutOneTheFaultLiftsAndTheRunIsStopped) {
  Play play{scenario_of({fault_entry("cut", 0s, 30s)})};
  play.conductor().ask_to_confirm({0});
  play.run();
  EXPECT_THAT(play.log, ElementsAre("0 baseline", "0 timeline", "0 switch +0", "1 ask until 10001",
                                    HasSubstr("10001 guard nobody confirmed within 10s"),
                                    "10001 switch -0", "10002 asked", "10002 ended"));
  ASSERT_TRUE(play.finish);
  EXPECT_EQ(play.finish->why, EndEvent::Why::guard);
  EXPECT_THAT(play.finish->text, HasSubstr("nobody confirmed"));
}

TEST(Confirmation, KeepsTheFaultForTheRestOfTheRun) {
  Play play{scenario_of({fault_entry("cut", 0s, 12s), fault_entry("again", 15s, 12s)})};
  play.conductor().ask_to_confirm({0, 1});
  play.meddle = [](Duration now, Conductor& conductor) {
    if (now >= 10s) conductor.confirm();
  };
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
  EXPECT_THAT(play.log, Contains(HasSubstr("ask until")).Times(1));
  EXPECT_THAT(play.log, Contains("12000 switch -0"));
  EXPECT_THAT(play.log, Contains("27000 switch -1"));
}

TEST(Confirmation, IsWithdrawnWithTheFaultAndAskedForAgainWithTheNext) {
  Play play{scenario_of({fault_entry("cut", 0s, 5s), fault_entry("again", 20s, 30s)})};
  play.conductor().ask_to_confirm({0, 1});
  play.run();
  EXPECT_THAT(play.log, IsSupersetOf({"1 ask until 10001", "5001 asked", "20001 ask until 30001",
                                      "30001 switch -1"}));
  EXPECT_EQ(play.finish->why, EndEvent::Why::guard);
}

TEST(Confirmation, IsNotAskedForFaultsThatLockNobodyOut) {
  Play play{scenario_of({fault_entry("cut", 0s, 20s), fault_entry("other", 5s, 20s)})};
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::finished);
  EXPECT_THAT(play.log, Not(Contains(HasSubstr("ask"))));
}

TEST(Confirmation, CountsFromTheFirstOfSeveralThatOverlap) {
  Play play{scenario_of({fault_entry("cut", 0s, 8s), fault_entry("other", 5s, 20s)})};
  play.conductor().ask_to_confirm({0, 1});
  play.run();
  EXPECT_THAT(play.log, Contains(HasSubstr("10001 guard")));
}

TEST(Confirmation, BeforeAnybodyIsAskedIsNone) {
  Play play{scenario_of({fault_entry("cut", 2s, 20s)})};
  play.conductor().ask_to_confirm({0});
  play.conductor().confirm();
  play.run();
  EXPECT_EQ(play.finish->why, EndEvent::Why::guard);
}

}  // namespace
}  // namespace blackstart
