#include "core/statistics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

namespace blackstart {
namespace {

TEST(Median, IsTheMiddleOrTheMeanOfTheTwoInTheMiddle) {
  EXPECT_EQ(median_of({7.0}), 7.0);
  EXPECT_EQ(median_of({9.0, 1.0, 5.0}), 5.0);
  EXPECT_EQ(median_of({4.0, 1.0, 10.0, 2.0}), 3.0);
}

TEST(Median, CountsNeverAboveEverything) {
  EXPECT_EQ(median_of({kNever, 1.0, 2.0}), 2.0);
  EXPECT_EQ(median_of({kNever, 1.0, kNever}), kNever);
  EXPECT_EQ(median_of({kNever, 1.0}), kNever);
}

// The example of R's wilcox.test(): Hollander and Wolfe (1973), 69f, permeability of the human
// chorioamnion; W = 35, one-sided p = 0.1272.
TEST(MannWhitney, IsExactForTheChorioamnion) {
  const std::vector<double> term{0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46};
  const std::vector<double> early{1.15, 0.88, 0.90, 0.74, 1.21};
  const MannWhitney test = mann_whitney(term, early);
  EXPECT_EQ(test.u, 35.0);
  EXPECT_TRUE(test.exact);
  EXPECT_NEAR(test.p, 2 * 0.1272, 1e-4);
}

// The example of SciPy's mannwhitneyu(): age at diagnosis by sex; U = 17, p = 0.1111 exactly.
TEST(MannWhitney, IsExactForTheDiagnoses) {
  const std::vector<double> males{19, 22, 16, 29, 24}, females{20, 11, 17, 12};
  const MannWhitney test = mann_whitney(males, females);
  EXPECT_EQ(test.u, 17.0);
  EXPECT_NEAR(test.p, 1.0 / 9.0, 1e-12);
  EXPECT_EQ(mann_whitney(females, males).p, test.p);
}

// The other example of R's wilcox.test(): ozone in New York in May and August 1973, with ties;
// W = 127.5, p = 0.0001208 with continuity correction.
TEST(MannWhitney, CorrectsForTiesAndContinuity) {
  const std::vector<double> may{41, 36, 12, 18, 28, 23, 19, 8, 7,  16, 11, 14,  18,
                                14, 34, 6,  30, 11, 1,  11, 4, 32, 23, 45, 115, 37};
  const std::vector<double> august{39, 9,  16, 78, 35, 66, 122, 89,  110, 44, 28,  65, 22,
                                   59, 23, 31, 44, 21, 9,  45,  168, 73,  76, 118, 84, 85};
  const MannWhitney test = mann_whitney(may, august);
  EXPECT_EQ(test.u, 127.5);
  EXPECT_FALSE(test.exact);
  EXPECT_NEAR(test.p, 0.0001208, 5e-8);
}

// Two sets without ties of which `a` is above `u` values of `b` in all.
MannWhitney with_u(std::size_t size, std::size_t u) {
  std::vector<double> a, b;
  for (std::size_t i = 0; i < size; ++i) {
    b.push_back(static_cast<double>(i));
    const std::size_t above = u > i * size ? std::min(u - i * size, size) : 0;
    a.push_back(static_cast<double>(above) - 0.5 - static_cast<double>(i) * 1e-3);
  }
  return mann_whitney(a, b);
}

// The tables of every textbook: the largest U that is significant at 0.05, two-sided.
TEST(MannWhitney, AgreesWithTheTableOfCriticalValues) {
  struct {
    std::size_t size, critical;
  } const kTable[] = {{4, 0}, {5, 2}, {6, 5}, {8, 13}, {10, 23}, {15, 64}, {20, 127}};
  for (const auto& [size, critical] : kTable) {
    EXPECT_EQ(with_u(size, critical).u, static_cast<double>(critical));
    EXPECT_LE(with_u(size, critical).p, 0.05) << size;
    EXPECT_GT(with_u(size, critical + 1).p, 0.05) << size;
  }
}

TEST(MannWhitney, ExactAndApproximateMeetWhereOneEnds) {
  const MannWhitney exact = with_u(50, 950), approximate = with_u(51, 1000);
  EXPECT_TRUE(exact.exact);
  EXPECT_FALSE(approximate.exact);
  EXPECT_NEAR(exact.p, 0.0387, 0.001);
  EXPECT_NEAR(approximate.p, 0.0445, 0.001);
}

TEST(MannWhitney, NothingDiffersWhereAllIsEqual) {
  const std::vector<double> same(6, 3.0), never(6, kNever);
  EXPECT_EQ(mann_whitney(same, same).p, 1.0);
  EXPECT_EQ(mann_whitney(never, never).p, 1.0);
}

TEST(MannWhitney, NeverIsAboveEverything) {
  const std::vector<double> back{1, 2, 3, 4, 5}, stuck(5, kNever);
  const MannWhitney test = mann_whitney(stuck, back);
  EXPECT_EQ(test.u, 25.0);
  EXPECT_LT(test.p, 0.02);
}

TEST(MannWhitney, ThreeASideCanShowNothing) {
  EXPECT_DOUBLE_EQ(least_p(3, 3), 0.1);
  EXPECT_DOUBLE_EQ(least_p(4, 4), 2.0 / 70.0);
  EXPECT_DOUBLE_EQ(least_p(1, 39), 0.05);
  EXPECT_EQ(least_p(1, 1), 1.0);
  EXPECT_NEAR(with_u(4, 0).p, least_p(4, 4), 1e-12);
}

TEST(Bootstrap, TheSameSeedGivesTheSameInterval) {
  const std::vector<double> values{3, 1, 4, 1.5, 9, 2.6};
  const Interval one = bootstrap_of_median(values, Rng{7}),
                 again = bootstrap_of_median(values, Rng{7});
  EXPECT_EQ(one.low, again.low);
  EXPECT_EQ(one.high, again.high);
  EXPECT_LE(one.low, median_of(values));
  EXPECT_GE(one.high, median_of(values));
}

TEST(Bootstrap, StaysWithinTheValuesAndShrinksWithTheirNumber) {
  EXPECT_EQ(bootstrap_of_median({2, 2, 2, 2, 2}, Rng{1}).high, 2.0);
  EXPECT_EQ(bootstrap_of_median({1, kNever, kNever, kNever, kNever}, Rng{1}).high, kNever);
  Rng rng{3};
  std::vector<double> few, many;
  for (int i = 0; i < 200; ++i) {
    many.push_back(rng.fraction());
    if (i < 10) few.push_back(many.back());
  }
  const Interval wide = bootstrap_of_median(few, Rng{1}),
                 narrow = bootstrap_of_median(many, Rng{1});
  EXPECT_LT(narrow.high - narrow.low, (wide.high - wide.low) / 2);
}

// Of sets of 20 values drawn from an exponential distribution, whose median is ln 2.
TEST(Bootstrap, CoversTheTrueMedianAboutAsOftenAsItSays) {
  Rng rng{42};
  constexpr int kSets = 150;
  int covered = 0;
  for (int i = 0; i < kSets; ++i) {
    std::vector<double> values(20);
    for (double& one : values) one = -std::log(1.0 - rng.fraction());
    const Interval interval = bootstrap_of_median(values, Rng{rng.next()});
    if (interval.low <= std::numbers::ln2 && std::numbers::ln2 <= interval.high) ++covered;
  }
  EXPECT_GE(covered, kSets * 90 / 100);
  EXPECT_LT(covered, kSets);
}

}  // namespace
}  // namespace blackstart
