#include "probe/judge.h"

#include <gtest/gtest.h>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

const Miss kMiss{"it is late", "a clock"};

TEST(Judge, AnExpectationThatDoesNotHoldFailsAndTruthIsNotAsked) {
  const CheckResult result = judge(kMiss,
                                   [] {
                                     ADD_FAILURE() << "asked";
                                     return std::optional<Miss>{};
                                   },
                                   {});
  EXPECT_EQ(result.outcome, Outcome::failed);
  EXPECT_EQ(result.reason, "it is late");
  EXPECT_EQ(result.evidence, "");
}

TEST(Judge, AnUntruthIsWrongAndKeepsItsEvidence) {
  const CheckResult result = judge({}, [] { return std::optional{kMiss}; }, {.tls = 3ms});
  EXPECT_EQ(result.outcome, Outcome::wrong);
  EXPECT_EQ(result.reason, "it is late");
  EXPECT_EQ(result.evidence, "a clock");
  EXPECT_EQ(result.phases.tls, 3ms);
}

TEST(Judge, NothingAmissIsOk) {
  const CheckResult result = judge({}, [] { return std::optional<Miss>{}; }, {});
  EXPECT_EQ(result.outcome, Outcome::ok);
  EXPECT_EQ(result.reason, "");
}

TEST(Judge, EvidenceIsBounded) {
  const auto huge = [] { return std::optional{Miss{"r", std::string(1 << 20, 'x')}}; };
  EXPECT_EQ(judge({}, huge, {}).evidence.size(), limits::evidence_bytes_max);
}

TEST(Bounded, CutsBetweenCharacters) {
  EXPECT_EQ(bounded("short", 5), "short");
  EXPECT_EQ(bounded("longer text", 9), "longer…");
  EXPECT_EQ(bounded("aaaaéééé", 8), "aaaa…") << "é is two bytes";
}

TEST(Late, IsSaidOnlyOfWhatWasAskedAndLonger) {
  EXPECT_FALSE(late({}, 1h));
  EXPECT_FALSE(late(300ms, 300ms));
  EXPECT_EQ(late(300ms, 300ms + 1ns).value().reason, "took 301ms, expected within 300ms");
}

}  // namespace
}  // namespace blackstart
