// covers report/terminal_page, report/terminal_tables

#include "report/terminal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/reports.h"
#include "support/shown_text.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::line_with;
using ::testing::HasSubstr;
using ::testing::Not;

std::string shown(const RunReport& report, int columns = 80, bool unicode = true) {
  return terminal_report(report, {.plain = false, .quiet = false, .folder = "runs/demo"}, columns,
                         false, unicode);
}

const RunReport& wallets() {
  static const RunReport kReport = test::wallet_report();
  return kReport;
}

constexpr int kWidths[] = {40, 60, 80, 120, 200};

// Colour, Unicode and width, each against the others.
void expect_within_every_width(const RunReport& report) {
  for (const int columns : kWidths) {
    for (const bool colour : {false, true}) {
      for (const bool unicode : {false, true}) {
        const std::string text = terminal_report(report, {}, columns, colour, unicode);
        EXPECT_LE(test::widest_line(text), static_cast<std::size_t>(columns)) << text;
        EXPECT_TRUE(unicode || test::is_ascii(text)) << text;
        EXPECT_TRUE(colour || !test::has_control(text)) << text;
      }
    }
  }
}

TEST(TerminalReport, BeginsWithTheVerdictAndASentence) {
  const auto lines = test::lines_of(shown(wallets()));
  EXPECT_EQ(lines[0], "");
  EXPECT_TRUE(lines[1].starts_with(" ━━ MISSED ━━━")) << lines[1];
  EXPECT_EQ(lines[2],
            " naive wallet came back 20.8 s after the lift, allowed 10 s; and it lied 308");
}

TEST(TerminalReport, GivesEachProbeItsWordAndItsFigures) {
  const std::string text = shown(wallets());
  EXPECT_EQ(line_with(text, "LIED"),
            "  LIED       naive wallet        200ms   20.8s   1.48x   63.6s      10     308");
  EXPECT_EQ(line_with(text, "ABSORBED   multi"),
            "  ABSORBED   multi-home wallet    none      0s       -      0s       0       0");
  EXPECT_EQ(line_with(text, "(control)"),
            "  ABSORBED   ledger (control)     none      0s       -      0s       0       0");
}

TEST(TerminalReport, SetsWhatWasAskedBesideWhatItWas) {
  const std::string text = shown(wallets());
  EXPECT_THAT(text, HasSubstr("MISSED recover_within 10s, was 20.8s; max_wrong 0, was 308\n"));
  EXPECT_THAT(text, HasSubstr("it said: status 200, /balance: 0, expected 42.5\n"));
  EXPECT_THAT(text, Not(HasSubstr("a control must not move")));
}

TEST(TerminalReport, SaysThatAnObjectiveWasMetByAProbeThatWasHit) {
  RunReport report = wallets();
  report.probes[0].objectives = {{"recover_within", 30.0, 20.8, true}, {"max_wrong", 5, 3, true}};
  const std::string text = shown(report);
  EXPECT_THAT(text, HasSubstr("met recover_within 30s; max_wrong 5\n"));
  EXPECT_THAT(text, Not(HasSubstr("MISSED recover_within")));
}

TEST(TerminalReport, DrawsFaultsAndProbesOnOneScale) {
  const std::string text = shown(wallets(), 80, false);
  EXPECT_EQ(line_with(text, " the database has n~"),
            " the database has n~       ===============================");
  EXPECT_EQ(line_with(text, " naive wallet        .."),
            " naive wallet        ......!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!!...");
  EXPECT_EQ(line_with(text, " real time"),
            " real time                 0          15s         30s         45s        60s");
  EXPECT_EQ(line_with(text, " incident time"),
            " incident time             0          1h          2h");
}

TEST(TerminalReport, TellsIncidentTimeOnlyWhereItIsNotRealTime) {
  RunReport report = wallets();
  report.scenario.speed = 1.0;
  EXPECT_THAT(shown(report), Not(HasSubstr("incident time")));
}

TEST(TerminalReport, ProvesWhatWasDone) {
  const std::string text = shown(wallets());
  EXPECT_THAT(text, HasSubstr("   the database has no address, 39.2s: answer NODATA\n"
                              "     hit 311 questions (nodata); edges within 0.8ms\n"));
  EXPECT_THAT(text,
              HasSubstr("     hit 24 questions (11 nodata, 13 passed); edges within 0.8ms\n"));
}

TEST(TerminalReport, SaysAloudThatAFaultIsUnproven) {
  RunReport report = wallets();
  report.faults[0].proof.reset();
  report.faults[0].proven = false;
  EXPECT_THAT(shown(report), HasSubstr("hit NOTHING: unproven"));
  report.faults[0].may_miss = true;
  EXPECT_THAT(shown(report), HasSubstr("hit nothing, as it may"));
  report.faults[0].on.reset();
  EXPECT_THAT(shown(report), HasSubstr("the database has no address: never came into force"));
}

TEST(TerminalReport, TellsLatencyTheWayBackAndWhySamplesFailed) {
  const std::string text = shown(wallets());
  EXPECT_THAT(text,
              HasSubstr("     308 x /balance is 0, expected 42.5; 10 x no answer within 1s\n"));
  EXPECT_EQ(line_with(text, "2.7ms"),
            "   multi-home wallet  2.7ms    8.7ms   2.7ms         -        0s         0 201ms");
  EXPECT_THAT(shown(wallets(), 72), Not(HasSubstr("In detail")));
}

TEST(TerminalReport, SetsTheRealOutageBesideThisOne) {
  const std::string text = shown(wallets(), 80, false);
  EXPECT_EQ(line_with(text, "   AWS 2025"),
            "   AWS 2025-10-20      2h37m -> 14h32m      5.55x ##############################");
  EXPECT_EQ(line_with(text, "1.48x #"),
            "   naive wallet        43s -> 63.8s         1.48x ########");
  EXPECT_THAT(text, HasSubstr("   multi-home wallet   absorbed\n"));
  RunReport report = wallets();
  report.scenario.incident.reset();
  EXPECT_THAT(shown(report), Not(HasSubstr("Beside the real one")));
}

TEST(TerminalReport, EndsWithTheJournalAndTheCommandThatRepeatsTheRun) {
  EXPECT_TRUE(
      shown(wallets()).ends_with(" journal: runs/demo\n again: blackstart demo --seed 42\n"));
}

TEST(TerminalReport, FitsTheDemoOnAProjector) {
  EXPECT_LE(test::lines_of(shown(wallets())).size(), 54u);
}

TEST(TerminalReport, SaysOnlyTheVerdictWhenQuiet) {
  const std::string text =
      terminal_report(wallets(), {.quiet = true, .folder = {}}, 80, false, true);
  EXPECT_EQ(test::lines_of(text).size(), 4u);
  EXPECT_THAT(text, HasSubstr("MISSED"));
}

TEST(TerminalReport, HasColourOnlyWhereItIsAskedFor) {
  EXPECT_THAT(terminal_report(wallets(), {}, 80, true, true), HasSubstr("\x1b[1;35;7m LIED"));
  EXPECT_THAT(terminal_report(wallets(), {}, 80, true, true), HasSubstr("\x1b[31;7m MISSED"));
  EXPECT_FALSE(
      test::has_control(terminal_report(wallets(), {.plain = true, .folder = {}}, 80, true, true)));
}

TEST(TerminalReport, IsNeverWiderThanTheTerminal) { expect_within_every_width(wallets()); }

TEST(TerminalReport, NeutralisesWhatAServiceSaid) {
  const RunReport report = test::wallet_report(test::kHostile);
  expect_within_every_width(report);
  EXPECT_THAT(shown(report), HasSubstr("it said: ?[2J?]0;owned? <&\"' ?31m??MET ? ??\n"));
}

TEST(TerminalReport, NeutralisesEveryTextThatItShows) {
  RunReport report = wallets();
  report.sentence = report.header.command = report.header.kernel = test::kHostile;
  report.probes[0].name = report.faults[0].name = report.faults[0].words = test::kHostile;
  report.probes[0].reasons = {{test::kHostile, 3}};
  report.timers = {{test::kHostile}};
  report.warnings = {{RunTime{}, test::kHostile}};
  report.scenario.incident->provider = test::kHostile;
  expect_within_every_width(report);
}

TEST(TerminalReport, HoldsLongNamesAndWideOnes) {
  RunReport report = wallets();
  report.probes[0].name = std::string(60, 'n');
  report.probes[1].name.clear();
  for (int i = 0; i < 20; ++i) report.probes[1].name += "残高照";
  report.faults[0].name = std::string(300, 'f');
  expect_within_every_width(report);
  EXPECT_THAT(shown(report, 200), HasSubstr(std::string(60, 'n')));
}

TEST(TerminalReport, ShowsThirtyProbes) {
  RunReport report = wallets();
  while (report.probes.size() < 30) report.probes.push_back(report.probes[1]);
  expect_within_every_width(report);
  EXPECT_EQ(test::lines_of(shown(report)).size(), test::lines_of(shown(wallets())).size() + 27 * 5);
}

TEST(TerminalReport, TellsARunWithoutProbes) {
  Analysis analysis{test::scenario_of({test::fault_entry("cut", 0s, Duration{1s})})};
  analysis.add(EndEvent{.at = RunTime{2s}, .text = {}});
  const std::string text = shown(analysis.report());
  EXPECT_THAT(text, HasSubstr("INVALID"));
  EXPECT_THAT(text, HasSubstr("cut: never came into force"));
  EXPECT_THAT(text, Not(HasSubstr("Timeline")));
  expect_within_every_width(analysis.report());
}

TEST(TerminalReport, TellsARunThatNeverBegan) {
  const Analysis analysis{test::wallet_scenario()};
  const std::string text = shown(analysis.report());
  EXPECT_THAT(text, HasSubstr("STOPPED"));
  EXPECT_THAT(text, HasSubstr("UNJUDGED   naive wallet"));
  EXPECT_THAT(text, Not(HasSubstr("Timeline")));
  EXPECT_THAT(text, Not(HasSubstr("In detail")));
  expect_within_every_width(analysis.report());
}

TEST(TerminalReport, TellsAnInterruptedRun) {
  const RunReport report = test::wallet_report_until(RunTime{30s});
  const std::string text = shown(report);
  EXPECT_THAT(text, HasSubstr("━ STOPPED ━"));
  EXPECT_THAT(text, HasSubstr("UNJUDGED   multi-home wallet"));
  EXPECT_THAT(text, HasSubstr("multi-home wallet   unknown"));
  EXPECT_THAT(text, Not(HasSubstr("incident time")));
  expect_within_every_width(report);
}

TEST(TerminalReport, SaysThatAProbeNeverCameBack) {
  RunReport report = wallets();
  report.probes[0].verdict = ProbeVerdict::stuck;
  report.probes[0].recovered.reset();
  report.probes[0].amplification.reset();
  const std::string text = shown(report);
  EXPECT_EQ(line_with(text, "STUCK"),
            "  STUCK      naive wallet        200ms   never       -   63.6s      10     308");
  EXPECT_THAT(text, HasSubstr("   naive wallet        not back\n"));
}

TEST(TerminalReport, SaysThatTheControlMoved) {
  RunReport report = wallets();
  report.probes[2].verdict = ProbeVerdict::stuck;
  EXPECT_THAT(shown(report), HasSubstr("a control must not move"));
}

TEST(TerminalReport, CountsTornLines) {
  RunReport report = wallets();
  report.torn_lines = 1;
  EXPECT_THAT(shown(report), HasSubstr("1 torn line of the journal skipped"));
}

}  // namespace
}  // namespace blackstart
