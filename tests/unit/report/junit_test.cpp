#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "report/writers.h"
#include "support/reports.h"
#include "support/shown_text.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

// The totals must be those of the cases, and every element must be closed.
void expect_consistent(const std::string& xml) {
  std::smatch totals;
  const std::regex pattern{R"x(tests="(\d+)" failures="(\d+)" errors="0" skipped="(\d+)")x"};
  ASSERT_TRUE(std::regex_search(xml, totals, pattern)) << xml;
  EXPECT_EQ(totals[1], std::to_string(times(xml, "<testcase ")));
  EXPECT_EQ(totals[2], std::to_string(times(xml, "<failure ")));
  EXPECT_EQ(totals[3], std::to_string(times(xml, "<skipped/>")));
  EXPECT_EQ(times(xml, "<failure ") + times(xml, "<skipped/>"), times(xml, "</testcase>"));
  EXPECT_TRUE(xml.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites "));
  EXPECT_TRUE(xml.ends_with("  </testsuite>\n</testsuites>\n"));
}

RunReport finished(std::vector<Entry> timeline, std::vector<RunEvent> events) {
  Analysis analysis{test::scenario_of(std::move(timeline), {test::probe("db")})};
  for (const RunEvent& event : events) analysis.add(event);
  return analysis.report();
}

TEST(JunitReport, FailsTheObjectivesThatWereMissedAndNoOthers) {
  const std::string xml = junit_report(test::wallet_report());
  expect_consistent(xml);
  EXPECT_EQ(times(xml, "<failure "), 2u);
  EXPECT_THAT(xml, HasSubstr("name=\"naive wallet: recover_within 10.000 s\" time=\"0.000\">\n"
                             "      <failure message=\"was 20.800 s, allowed 10.000 s; verdict "
                             "lied\"/>"));
  EXPECT_THAT(xml, HasSubstr("<failure message=\"was 308, allowed 0; verdict lied; first wrong "
                             "answer: status 200, /balance: 0, expected 42.5\"/>"));
  EXPECT_THAT(xml, HasSubstr("name=\"multi-home wallet: recover_within 10.000 s\" "
                             "time=\"0.000\"/>"));
}

TEST(JunitReport, HasACaseForEverythingThatAVerdictRestsOn) {
  const std::string xml = junit_report(test::wallet_report());
  for (const char* name : {"baseline: normal before the fault", "control: ledger did not move",
                           "proof of injection: the database has no address",
                           "clean-up: nothing is left behind", "the run came to its end"}) {
    EXPECT_THAT(xml, HasSubstr("name=\"" + std::string{name} + "\""));
  }
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"demo\" "));
  EXPECT_THAT(xml, HasSubstr("timestamp=\"2025-11-20T09:00:00Z\" hostname=\"build-7\""));
}

TEST(JunitReport, FailsAMovedControl) {
  RunReport report = test::wallet_report();
  report.probes[2].verdict = ProbeVerdict::recovered;
  EXPECT_THAT(junit_report(report),
              HasSubstr("<failure message=\"the control moved: recovered\"/>"));
}

TEST(JunitReport, FailsAnUnprovenFaultUnlessItMayMiss) {
  RunReport report = test::wallet_report();
  report.faults[1].proven = false;
  EXPECT_THAT(junit_report(report), HasSubstr("<failure message=\"the fault hit nothing\"/>"));
  report.faults[1].may_miss = true;
  EXPECT_THAT(junit_report(report), Not(HasSubstr("the fault hit nothing")));
}

TEST(JunitReport, FailsAFaultThatNeverCameIntoForceInAFinishedRun) {
  const auto xml = junit_report(finished({test::fault_entry("cut", 0s, Duration{1s})},
                                         {EndEvent{.at = RunTime{9s}, .text = {}}}));
  expect_consistent(xml);
  EXPECT_THAT(xml, HasSubstr("<failure message=\"the fault never came into force\"/>"));
}

TEST(JunitReport, SkipsTheProofOfFaultsThatWereNotReached) {
  const auto report = finished(
      {test::fault_entry("cut", 0s, Duration{1s})},
      {EndEvent{.at = RunTime{9s}, .why = EndEvent::Why::not_normal, .text = "db was failing"}});
  const std::string xml = junit_report(report);
  expect_consistent(xml);
  EXPECT_EQ(times(xml, "<skipped/>"), 1u);
  EXPECT_EQ(times(xml, "<failure "), 1u);
  EXPECT_THAT(xml, HasSubstr("db was failing"));
}

TEST(JunitReport, FailsAnInterruptedRun) {
  const std::string xml = junit_report(test::wallet_report_until(RunTime{30s}));
  expect_consistent(xml);
  EXPECT_EQ(times(xml, "<failure message=\"STOPPED: "), 1u);
}

TEST(JunitReport, FailsAnIncompleteCleanUpEvenWithoutWords) {
  RunReport report = test::wallet_report();
  report.end->cleaned_up = false;
  const std::string xml = junit_report(report);
  expect_consistent(xml);
  EXPECT_THAT(xml, HasSubstr("<failure message=\"something could not be removed"));
}

TEST(JunitReport, FailsALieForWhichNoObjectiveStands) {
  RunReport report = test::wallet_report();
  report.probes[0].objectives.clear();
  EXPECT_THAT(junit_report(report), HasSubstr("name=\"naive wallet: verdict\""));
  report.probes[0].judged = false;
  EXPECT_THAT(junit_report(report), Not(HasSubstr("naive wallet: verdict")));
}

TEST(JunitReport, HoldsWhatAServiceSaidWithoutBreaking) {
  RunReport report = test::wallet_report(test::kHostile);
  report.probes[0].name = "a<b>&\"c\"";
  const std::string xml = junit_report(report);
  expect_consistent(xml);
  EXPECT_FALSE(test::has_control(xml));
  EXPECT_THAT(xml, HasSubstr("first wrong answer: ?[2J?]0;owned? &lt;&amp;&quot;' ?31m?&#10;MET ? "
                             "??"));
  EXPECT_THAT(xml, HasSubstr("name=\"a&lt;b&gt;&amp;&quot;c&quot;: recover_within"));
}

TEST(JunitReport, TellsARunWithoutProbes) {
  const std::string xml = junit_report(Analysis{test::scenario_of({})}.report());
  expect_consistent(xml);
}

TEST(ReportFormats, NamesEachOnce) {
  ASSERT_EQ(report_formats().size(), 2u);
  EXPECT_EQ(report_formats()[0].name, "json");
  EXPECT_EQ(report_formats()[1].name, "junit");
  EXPECT_EQ(report_formats()[1].write(test::wallet_report()), junit_report(test::wallet_report()));
}

}  // namespace
}  // namespace blackstart
