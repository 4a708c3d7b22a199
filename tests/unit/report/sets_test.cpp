// covers report/sets_json

#include "report/sets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "report/writers.h"
#include "support/run_sets.h"
#include "support/shown_text.h"

namespace blackstart {
namespace {

using test::line_with;
using test::runs_back_after;
using testing::HasSubstr;
using testing::Not;
using Parsed = nlohmann::json;

SeriesReport series_of(const std::vector<std::optional<double>>& seconds) {
  SeriesReport series;
  series.scenario = "outage";
  series.folder = "runs/outage";
  series.command = "blackstart run outage --seed 42 --repeat 5";
  series.seed = 42;
  series.asked = 5;
  series.runs = runs_back_after(seconds);
  for (std::size_t i = 0; i < series.runs.size(); ++i) {
    series.folders.push_back("runs/outage/" + std::to_string(i + 1));
    series.exit_code = worse_of(series.exit_code, series.runs[i].exit_code);
  }
  return series;
}

ComparedSets sets_of(const std::vector<std::optional<double>>& before,
                     const std::vector<std::optional<double>>& now) {
  ComparedSets sets;
  sets.before = {"runs/old", std::vector<std::string>(before.size(), "run"), {}};
  sets.now = {"runs/new", std::vector<std::string>(now.size(), "run"), {"runs/new/9: invalid"}};
  sets.comparison = compare(runs_back_after(before), runs_back_after(now));
  return sets;
}

template <class Write>
std::string page_of(Write write, std::size_t columns = 80, picture::Style style = {}) {
  TerminalPage page{columns, style};
  write(page);
  return page.take();
}

std::string table(const SeriesReport& series, std::size_t columns = 80) {
  return page_of([&](TerminalPage& page) { series_page(page, series, false); }, columns);
}

std::string comparison(const ComparedSets& sets, std::size_t columns = 80) {
  return page_of([&](TerminalPage& page) { comparison_page(page, sets); }, columns);
}

TEST(SeriesPage, HasTheWorstVerdictAndARowAFigure) {
  const std::string text = table(series_of({1, 2, 3, {}, 2}));
  EXPECT_THAT(text, HasSubstr("━━ MISSED ━━"));
  EXPECT_THAT(text, HasSubstr("5 of 5 runs of outage: 4 held, 1 missed"));
  EXPECT_EQ(line_with(text, "recovered after"),
            "   recovered after          2s       1s … never         1/5       1s … never");
  EXPECT_EQ(line_with(text, "mitigated after"),
            "   mitigated after       never    never … never         5/5    never … never");
  EXPECT_EQ(line_with(text, "failed"),
            "   failed                  100      100 … 100             -      100 … 100");
  EXPECT_THAT(text, HasSubstr("runs: runs/outage"));
  EXPECT_THAT(text, HasSubstr("again: blackstart run outage --seed 42 --repeat 5"));
  EXPECT_THAT(text, Not(HasSubstr("world")));
}

TEST(SeriesPage, HasNoIntervalOfFewRuns) {
  EXPECT_EQ(line_with(table(series_of({1, 2, 3})), "recovered after"),
            "   recovered after          2s       1s … 3s              -          -");
}

TEST(SeriesPage, IsTheVerdictAloneWhereThatIsAskedFor) {
  const std::string text = page_of([](TerminalPage& page) {
    series_page(page, series_of({1, 2}), true);
  });
  EXPECT_THAT(text, HasSubstr("HELD"));
  EXPECT_THAT(text, Not(HasSubstr("recovered")));
}

TEST(RunLine, IsOneLineOfWhatCounts) {
  const auto line = [](const SeriesReport& series) {
    return page_of([&](TerminalPage& page) { run_line(page, series); });
  };
  EXPECT_EQ(line(series_of({1, {}})),
            " 2/5 MISSED      db: back never, down 30s, failed 100, wrong 0\n");
  SeriesReport sick = series_of({1});
  sick.runs[0].verdict = RunVerdict::not_started;
  sick.runs[0].sentence = "NOT STARTED: db was refused";
  EXPECT_THAT(line(sick), HasSubstr("NOT STARTED: db was refused"));
}

TEST(ComparisonPage, SaysWhatIsSlowerAndHowSure) {
  const std::string text = comparison(sets_of({1, 1.1, 1.2, 1.3, 1.4}, {2, 2.1, 2.2, 2.3, 2.4}));
  EXPECT_THAT(text, HasSubstr("━━ SLOWER ━━"));
  EXPECT_THAT(text, HasSubstr("db: recovered after 2.2s, was 1.2s (slower)"));
  EXPECT_EQ(line_with(text, "  recovered after"),
            "   recovered after        1.2s     2.2s        +1s   0.008  slower");
  EXPECT_EQ(line_with(text, "  wrong answers"),
            "   wrong answers             0        0          0   1.000  no difference shown");
  EXPECT_EQ(line_with(text, "  mitigated after"),
            "   mitigated after       never    never          -   1.000  no difference shown");
  EXPECT_THAT(text, HasSubstr("old: 5 runs, runs/old"));
  EXPECT_THAT(text, HasSubstr("not counted: runs/new/9: invalid"));
}

TEST(ComparisonPage, SaysThatTooFewRunsTellNothing) {
  const std::string text = comparison(sets_of({1, 2, 3}, {4, 5, 6}));
  EXPECT_THAT(text, HasSubstr("TOO FEW RUNS TO TELL"));
  EXPECT_THAT(text, HasSubstr("too few runs to tell: needs at least 4 a side"));
  EXPECT_THAT(line_with(text, "  recovered after"), HasSubstr("-  too few runs to tell"));
}

TEST(SetPages, FitIntoEveryWidth) {
  const SeriesReport series = series_of({1, 2, 3, {}, 2});
  const ComparedSets sets = sets_of({1, 2, 3, 4}, {{}, {}, {}, {}});
  for (const std::size_t columns : {40U, 60U, 79U, 80U, 120U}) {
    for (const bool unicode : {false, true}) {
      for (const auto& text :
           {page_of([&](TerminalPage& page) { series_page(page, series, false); }, columns,
                    {.colour = true, .unicode = unicode}),
            page_of([&](TerminalPage& page) { comparison_page(page, sets); }, columns,
                    {.colour = true, .unicode = unicode}),
            page_of([&](TerminalPage& page) { run_line(page, series); }, columns,
                    {.colour = true, .unicode = unicode})}) {
        EXPECT_LE(test::widest_line(text), columns) << text;
        EXPECT_TRUE(unicode || test::is_ascii(text)) << text;
      }
    }
  }
}

TEST(SetJson, ASeriesHasItsRunsAndWhatTheySayTogether) {
  const Parsed json = Parsed::parse(json_series(series_of({1, 2, 3, {}, 2})));
  EXPECT_EQ(json.at("blackstart"), 1);
  EXPECT_EQ(json.at("exit_code"), 5);
  EXPECT_EQ(json.at("repeat"), 5);
  ASSERT_EQ(json.at("runs").size(), 5U);
  EXPECT_EQ(json.at("runs").at(1).at("folder"), "runs/outage/2");
  EXPECT_EQ(json.at("runs").at(1).at("probes").at("db").at("recovered_s"), 2.0);
  const Parsed& recovered = json.at("summary").at("probes").at("db").at("recovered_s");
  EXPECT_EQ(recovered.at("runs"), 5);
  EXPECT_EQ(recovered.at("never"), 1);
  EXPECT_EQ(recovered.at("median"), 2.0);
  EXPECT_EQ(recovered.at("least"), 1.0);
  EXPECT_TRUE(recovered.at("most").is_null());
  EXPECT_EQ(recovered.at("median_95").size(), 2U);
}

TEST(SetJson, AComparisonHasTestsAndTheirResults) {
  const Parsed json = Parsed::parse(comparison_json(sets_of({1, 2, 3, 4}, {{}, {}, {}, {}})));
  EXPECT_EQ(json.at("result"), "slower");
  EXPECT_EQ(json.at("new").at("left_out").at(0), "runs/new/9: invalid");
  const Parsed& recovered = json.at("probes").at("db").at("recovered_s");
  EXPECT_EQ(recovered.at("old"), 2.5);
  EXPECT_TRUE(recovered.at("new").is_null());
  EXPECT_TRUE(recovered.at("difference").is_null());
  EXPECT_EQ(recovered.at("u"), 16);
  EXPECT_EQ(recovered.at("result"), "slower");
  EXPECT_EQ(recovered.at("gates"), true);
}

TEST(SeriesJUnit, HasASuiteARun) {
  const std::string xml = junit_series(series_of({1, {}}));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"outage, run 1, seed 42\""));
  EXPECT_THAT(xml, HasSubstr("<testsuite name=\"outage, run 2, seed 42\""));
  EXPECT_TRUE(xml.ends_with("  </testsuite>\n</testsuites>\n"));
}

}  // namespace
}  // namespace blackstart
