#include "cli/live_frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/reports.h"
#include "support/shown_text.h"

namespace blackstart::cli {
namespace {

using namespace std::chrono_literals;
using test::line_with;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr picture::Style kMono{.colour = false, .unicode = true};
constexpr picture::Style kAscii{.colour = false, .unicode = false};
constexpr picture::Style kColour{.colour = true, .unicode = true};

// What the view would know at that instant of the wallets' run.
struct Instant {
  RunReport report;
  LiveState state;

  explicit Instant(RunTime now) : report{test::wallet_report_until(now)} {
    state.now = now;
    state.latest.resize(3);
    state.expected = 59s;
    for (const RunEvent& event : test::wallet_events()) {
      if (test::instant_of(event) <= now) learn(event);
    }
  }

  std::string frame(std::size_t columns = 80, std::size_t rows = 24,
                    const picture::Style& style = kMono) const {
    return live_frame(report, state, columns, rows, style);
  }

 private:
  void learn(const RunEvent& event) {
    if (const auto* phase = std::get_if<PhaseEvent>(&event)) {
      state.phase = phase->phase;
      if (phase->phase == RunPhase::timeline) state.zero = phase->at;
    } else if (const auto* edge = std::get_if<FaultEdge>(&event)) {
      edge->on ? (void)state.in_force.insert(edge->entry) : (void)state.in_force.erase(edge->entry);
    } else if (const auto* note = std::get_if<NoteEvent>(&event)) {
      state.notes.push_back(note->text);
    } else if (const auto* sample = std::get_if<ProbeSample>(&event)) {
      state.latest[sample->probe] = *sample;
    }
  }
};

void expect_within(const Instant& at, std::size_t columns, std::size_t rows) {
  for (const picture::Style& style : {kMono, kAscii, kColour}) {
    const std::string frame = at.frame(columns, rows, style);
    EXPECT_LE(test::lines_of(frame).size(), rows) << frame;
    EXPECT_LE(test::widest_line(frame), columns) << frame;
    EXPECT_FALSE(frame.ends_with('\n'));
    EXPECT_TRUE(style.colour || !test::has_control(frame));
    EXPECT_TRUE(style.unicode || test::is_ascii(frame));
  }
}

TEST(LiveFrame, ShowsWhatIsInForceAndWhatComesNext) {
  const std::string frame = Instant{RunTime{25s}}.frame();
  EXPECT_THAT(frame, HasSubstr("▶ the database has no address"));
  EXPECT_THAT(frame, HasSubstr("next in 23s: half of the answers are still empty"));
  EXPECT_THAT(frame, HasSubstr("the outage   incident +1h08m   real 25s   speed 240"));
  EXPECT_THAT(frame, HasSubstr("Ctrl-C lifts everything"));
}

TEST(LiveFrame, ShowsTheLatestNotes) {
  Instant at{RunTime{25s}};
  EXPECT_THAT(at.frame(), HasSubstr("AWS: first public notice"));
  at.state.notes.push_back("AWS: sign-in to the console works again");
  EXPECT_THAT(at.frame(), HasSubstr("AWS: sign-in to the console works again"));
  EXPECT_THAT(at.frame(), Not(HasSubstr("AWS: first public notice")));
}

TEST(LiveFrame, ShowsAStripForEachProbeAndSaysWhoIsLying) {
  const std::string frame = Instant{RunTime{25s}}.frame(80, 24, kAscii);
  EXPECT_EQ(line_with(frame, "naive wallet"),
            " naive wallet       .....!!!!!!!!!!!!                       LYING       82 wrong");
  EXPECT_EQ(line_with(frame, "multi-home"),
            " multi-home wallet  .................                       normal              ");
  EXPECT_THAT(line_with(frame, "100% bad"), HasSubstr("____._  "));  // its latency before
  EXPECT_THAT(line_with(frame, "100% bad"), Not(HasSubstr("ms")));
  EXPECT_THAT(Instant{test::kWalletEnd}.frame(), HasSubstr("19% bad"));  // of the last 5 s
  EXPECT_THAT(frame, HasSubstr("8.7ms"));
}

TEST(LiveFrame, SaysThatNothingIsInForceBeforeTheOutage) {
  const std::string frame = Instant{RunTime{4s}}.frame();
  EXPECT_THAT(frame, HasSubstr("nothing is in force"));
  EXPECT_THAT(frame, HasSubstr("next: the database has no address"));
  EXPECT_THAT(frame, HasSubstr("baseline: what is normal   real 4s"));
  EXPECT_THAT(frame, Not(HasSubstr("incident")));
}

TEST(LiveFrame, AsksWhetherAPersonIsStillThere) {
  Instant at{RunTime{25s}};
  at.state.confirm_until = RunTime{31'500ms};
  for (const std::size_t columns : {80u, 60u}) {
    EXPECT_THAT(at.frame(columns),
                HasSubstr("still there? press Enter within 7s, or all is lifted"));
    expect_within(at, columns, 24);
  }
  EXPECT_THAT(at.frame(80, 6), HasSubstr("still there?"));
  EXPECT_THAT(at.frame(), HasSubstr("▶ the database has no address"));
}

TEST(LiveFrame, RunsAStopwatchFromTheLift) {
  const std::string frame = Instant{RunTime{60s}}.frame();
  EXPECT_THAT(frame, HasSubstr("■ lifted 9s ago: who is back?"));
  EXPECT_THAT(frame, HasSubstr("the recovery   incident +2h52m"));
  EXPECT_THAT(Instant{test::kWalletEnd}.frame(), Not(HasSubstr("who is back?")));
  EXPECT_THAT(frame, Not(HasSubstr("▶")));
  EXPECT_THAT(frame, Not(HasSubstr("next")));
}

TEST(LiveFrame, SaysAfterHowLongAProbeWasBack) {
  EXPECT_THAT(line_with(Instant{RunTime{74s}}.frame(), "naive"), HasSubstr("back       308 wrong"));
  EXPECT_THAT(line_with(Instant{test::kWalletEnd}.frame(), "naive"),
              HasSubstr("back     after 20.8s"));
}

TEST(LiveFrame, CallsAProbeBackOnlyOnceItWasAwayAndTheFaultsAreLifted) {
  ProbeReport probe;
  ProbeSample sample;
  EXPECT_EQ(state_word(probe, std::nullopt, false), "waiting");
  sample.result.outcome = Outcome::failed;
  EXPECT_EQ(state_word(probe, sample, false), "failing");
  sample.result.outcome = Outcome::wrong;
  EXPECT_EQ(state_word(probe, sample, true), "LYING");
  sample.result.outcome = Outcome::ok;
  EXPECT_EQ(state_word(probe, sample, true), "normal");
  probe.first_impact = 1s;
  EXPECT_EQ(state_word(probe, sample, false), "normal");
  EXPECT_EQ(state_word(probe, sample, true), "back");
}

TEST(LiveFrame, IsNeverFinishedBeforeTheEnd) {
  EXPECT_TRUE(Instant{RunTime{74s}}.frame().ends_with(" 99%"));
  EXPECT_TRUE(Instant{test::kWalletEnd}.frame().ends_with("100%"));
}

TEST(LiveFrame, FitsEveryScreen) {
  for (const RunTime now : {RunTime{}, RunTime{4s}, RunTime{25s}, RunTime{60s}}) {
    const Instant at{now};
    for (const std::size_t columns : {1u, 20u, 49u, 50u, 60u, 71u, 80u, 120u, 200u}) {
      for (const std::size_t rows : {1u, 7u, 8u, 12u, 15u, 16u, 23u, 24u, 60u}) {
        expect_within(at, columns, rows);
      }
    }
  }
}

TEST(LiveFrame, KeepsTheBarAndCountsTheProbesThatFindNoRoom) {
  Instant at{RunTime{25s}};
  while (at.report.probes.size() < 30) {
    at.report.probes.push_back(at.report.probes[1]);
    at.state.latest.push_back(at.state.latest[1]);
  }
  const std::string frame = at.frame();
  expect_within(at, 80, 24);
  EXPECT_TRUE(frame.ends_with(" 42%")) << frame;
  EXPECT_THAT(frame, HasSubstr("more probes"));
  EXPECT_THAT(at.frame(80, 50), Not(HasSubstr("more probes")));
}

TEST(LiveFrame, KeepsTheStripsBesideManyFaultsInForce) {
  Instant at{RunTime{25s}};
  at.state.in_force = {0, 1, 2, 3, 4};
  const std::string frame = at.frame();
  EXPECT_THAT(frame, HasSubstr("2 more in force"));
  EXPECT_THAT(frame, HasSubstr("LYING"));
  expect_within(at, 80, 24);
}

TEST(LiveFrame, NeutralisesEveryTextThatItShows) {
  Instant at{RunTime{25s}};
  at.report.scenario.title = at.report.probes[0].name = test::kHostile;
  at.report.scenario.timeline[0].name = at.report.scenario.timeline[3].name = test::kHostile;
  at.state.notes = {test::kHostile};
  expect_within(at, 80, 24);
  expect_within(at, 200, 24);
}

TEST(LiveFrame, HoldsARunWithoutProbes) {
  Instant at{RunTime{25s}};
  at.report.probes.clear();
  at.state.latest.clear();
  expect_within(at, 80, 24);
}

TEST(LiveFrame, SetsALieApartInColour) {
  EXPECT_THAT(Instant{RunTime{25s}}.frame(80, 24, kColour), HasSubstr("\x1b[1;35;7m LYING"));
}

}  // namespace
}  // namespace blackstart::cli
