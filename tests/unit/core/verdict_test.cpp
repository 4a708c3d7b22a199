#include "core/verdict.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/story.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::Story;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using Why = EndEvent::Why;

TEST(Verdict, ARunThatWasEndedEarlySaysByWhat) {
  Story story;
  story.failing = {{11s, 100s}};
  story.edges[1] = test::edge(0, false, 15s);
  story.end_with(Why::interrupted, 15s, 15);
  RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::stopped);
  EXPECT_EQ(got.exit_code, 143);
  EXPECT_TRUE(got.interrupted);
  EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::unjudged);
  EXPECT_THAT(got.probes[0].objectives, IsEmpty());
  EXPECT_EQ(got.sentence, "STOPPED: interrupted; everything was lifted");

  story.end_with(Why::guard, 15s, 0, "balance failed for 4s");
  got = story.report();
  EXPECT_EQ(got.exit_code, 7);
  EXPECT_FALSE(got.interrupted);
  EXPECT_EQ(got.sentence, "STOPPED by a guard: balance failed for 4s");

  story.end_with(Why::error, 15s, 0, "send: no buffer space");
  EXPECT_EQ(story.report().exit_code, 1);
}

TEST(Verdict, LiesToldBeforeAnInterruptCountAllTheSame) {
  Story story;
  story.lying = {{11s, 12s}};
  story.edges[1] = test::edge(0, false, 15s);
  story.end_with(Why::interrupted, 15s, 2);
  EXPECT_EQ(story.report().probes[0].verdict, ProbeVerdict::lied);
  EXPECT_EQ(story.report().exit_code, 130);
}

TEST(Verdict, ARunThatDidNotStartSaysWhy) {
  Story story;
  story.edges.clear();
  story.failing = {{0s, 100s}};
  for (const Why why : {Why::not_normal, Why::stack_not_ready}) {
    story.end_with(why, 10s, 0, "balance was 0% ok before the fault");
    const RunReport got = story.report();
    EXPECT_EQ(got.verdict, RunVerdict::not_started);
    EXPECT_EQ(got.exit_code, 4);
    EXPECT_EQ(got.sentence, "NOT STARTED: balance was 0% ok before the fault");
    EXPECT_EQ(got.probes[0].verdict, ProbeVerdict::unjudged);
  }
}

TEST(Verdict, AJournalWithoutAnEndIsThatOfAKilledRun) {
  Story story;
  story.end.reset();
  story.edges.pop_back();
  const RunReport got = story.report();
  EXPECT_EQ(got.verdict, RunVerdict::stopped);
  EXPECT_TRUE(got.interrupted);
  EXPECT_EQ(got.exit_code, 130);
  EXPECT_EQ(got.last_lift, std::nullopt);
  EXPECT_EQ(got.faults[0].lift, std::nullopt);
  ASSERT_THAT(got.faults[0].spans, SizeIs(1));
  EXPECT_EQ(got.faults[0].spans[0].to, got.ended) << "in force to the last that is known";
}

TEST(Verdict, WhatCouldNotBeRemovedWinsOverEveryOtherExitCode) {
  Story story;
  story.end->cleaned_up = false;
  EXPECT_EQ(story.report().exit_code, 9);
  EXPECT_EQ(story.report().verdict, RunVerdict::held);
  EXPECT_THAT(story.report().sentence, HasSubstr("CLEAN-UP IS INCOMPLETE"));
  story.end_with(Why::guard, 15s);
  story.end->cleaned_up = false;
  EXPECT_EQ(story.report().exit_code, 9);
}

TEST(Verdict, HasTheWordsOfItsPage) {
  EXPECT_EQ(name_of(ProbeVerdict::absorbed), "absorbed");
  EXPECT_EQ(name_of(ProbeVerdict::recovered), "recovered");
  EXPECT_EQ(name_of(ProbeVerdict::slow), "slow");
  EXPECT_EQ(name_of(ProbeVerdict::stuck), "stuck");
  EXPECT_EQ(name_of(ProbeVerdict::lied), "lied");
  EXPECT_EQ(name_of(ProbeVerdict::unjudged), "unjudged");
  EXPECT_EQ(name_of(RunVerdict::held), "held");
  EXPECT_EQ(name_of(RunVerdict::missed), "missed");
  EXPECT_EQ(name_of(RunVerdict::invalid), "invalid");
  EXPECT_EQ(name_of(RunVerdict::not_started), "not started");
  EXPECT_EQ(name_of(RunVerdict::stopped), "stopped");
}

}  // namespace
}  // namespace blackstart
