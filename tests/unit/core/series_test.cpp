#include "core/series.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "support/run_sets.h"

namespace blackstart {
namespace {

TEST(Series, EndsWithItsWorstRun) {
  constexpr int kWorstFirst[] = {9, 143, 1, 2, 3, 4, 6, 7, 5, 0};
  for (const int* worse = std::begin(kWorstFirst); worse != std::end(kWorstFirst); ++worse) {
    for (const int* better = worse; better != std::end(kWorstFirst); ++better) {
      EXPECT_EQ(worse_of(*worse, *better), *worse);
      EXPECT_EQ(worse_of(*better, *worse), *worse);
    }
  }
  EXPECT_EQ(worse_of(130, 9), 9);
}

TEST(Series, GoesOnAfterARunThatEndedByItself) {
  for (const int code : {0, 4, 5, 6}) EXPECT_FALSE(ends_series(code)) << code;
  for (const int code : {1, 2, 3, 7, 9, 129, 130, 143}) EXPECT_TRUE(ends_series(code)) << code;
}

TEST(Series, SaysHowItsRunsEndedAndWhichDoNotCount) {
  SeriesReport series;
  series.scenario = "outage";
  series.asked = 5;
  series.runs = test::runs_back_after({1, {}, 2});
  series.runs[2].verdict = RunVerdict::invalid;
  EXPECT_EQ(series_sentence(series),
            "3 of 5 runs of outage: 1 held, 1 missed, 1 invalid; not counted: run 3 (invalid)");
}

}  // namespace
}  // namespace blackstart
