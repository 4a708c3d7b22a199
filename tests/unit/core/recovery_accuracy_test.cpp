// The accuracy that docs/recovery.md promises, held against services whose truth is known.

#include <gtest/gtest.h>

#include "blackstart/random.h"
#include "core/analysis.h"
#include "support/scenarios.h"
#include "support/scripted_service.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using test::TimeSpan;

constexpr int kRuns = 250;
constexpr Duration kSlack = 5ms;

struct Truth {
  TimeSpan fault, failing, lying;
  Duration every{}, timeout{};
  bool times_out = false;  // failures take their whole timeout, and so finish out of order
};

Duration between(Rng& rng, Duration least, Duration most) {
  return least + Duration{static_cast<std::int64_t>(rng.fraction() *
                                                    static_cast<double>((most - least).count()))};
}

Truth draw(Rng& rng) {
  Truth truth;
  truth.every = between(rng, 10ms, 500ms);
  truth.timeout = between(rng, 200ms, 4s);
  truth.times_out = rng.fraction() < 0.5;
  // Shorter than this, a state may be too short for any sample to see it.
  const Duration least = std::max<Duration>(400ms, 5 * truth.every);
  truth.fault.from = between(rng, 5s, 15s);
  truth.fault.to = truth.fault.from + between(rng, 6s, 20s);
  truth.failing.from = truth.fault.from + between(rng, 0s, 3s);
  truth.failing.to = truth.failing.from + between(rng, least, 30s);
  if (rng.fraction() < 0.5) {
    // Less than the hold, which would be a return and a relapse.
    truth.lying.from = truth.failing.to + between(rng, 0s, 1800ms);
    truth.lying.to = truth.lying.from + between(rng, least, 10s);
  }
  return truth;
}

// Decided by the seed and the instant alone, since a sample asks twice.
Duration latency_of(std::uint64_t seed, Duration due) {
  Rng rng{seed ^ static_cast<std::uint64_t>(due.count())};
  return between(rng, 200us, 30ms);
}

class Accuracy {
 public:
  Accuracy(std::uint64_t seed, const Truth& truth)
      : truth_{truth}, bad_until_{std::max(truth.failing.to, truth.lying.to)} {
    service_.failing = {truth.failing};
    service_.lying = {truth.lying};
    service_.takes = [=](Duration due, Outcome outcome) {
      const Duration lateness = latency_of(seed + 1, due) / 8;
      const bool whole = outcome == Outcome::failed && truth.times_out;
      return test::Taken{lateness, whole ? truth.timeout : latency_of(seed, due)};
    };
  }

  void play() {
    std::vector<RunEvent> events;
    Rng rng{static_cast<std::uint64_t>(truth_.every.count())};
    const Duration ends = std::max(bad_until_, truth_.fault.to) + 2s + 3 * truth_.every + 1s;
    events.push_back(test::edge(0, true, truth_.fault.from, between(rng, 0us, 900us)));
    events.push_back(test::edge(0, false, truth_.fault.to, between(rng, 0us, 900us)));
    for (auto& sample : service_.samples(0, truth_.every, between(rng, 0ms, truth_.every), ends)) {
      lies_ += truth_.lying.has(sample.sent.since_start) ? 1U : 0U;
      events.push_back(std::move(sample));
    }
    test::sort_as_known(events);
    events.push_back(EndEvent{.at = {ends + truth_.timeout}, .text = {}});
    Scenario scenario = test::scenario_of({test::fault_entry("cut", 0s, 1s)},
                                          {test::probe("balance", truth_.every)});
    scenario.probes[0].timeout = truth_.timeout;
    Analysis analysis{std::move(scenario)};
    for (const RunEvent& event : events) analysis.add(event);
    got_ = analysis.report().probes.at(0);
  }

  void hold_to_truth() const {
    near("first impact", got_.first_impact, truth_.failing.from - truth_.fault.from);
    ASSERT_TRUE(got_.recovered);
    near("recovered", got_.recovered, std::max(Duration{0}, bad_until_ - truth_.fault.to));
    // Too near to the lift to tell: no sample between the return and the lift, or one that
    // was still waiting.
    const Duration spare = truth_.fault.to - bad_until_;
    if (spare > truth_.every + kSlack + 40ms) {
      near("mitigated", got_.mitigated, bad_until_ - truth_.fault.from);
    } else if (spare < Duration::zero()) {
      EXPECT_EQ(got_.mitigated, std::nullopt);
    }
    EXPECT_EQ(got_.wrong, lies_);
  }

  Duration worst() const { return worst_; }

 private:
  void near(const char* figure, std::optional<Duration> measured, Duration truth) const {
    ASSERT_TRUE(measured) << figure;
    const Duration off = std::chrono::abs(*measured - truth);
    EXPECT_LE(off, truth_.every + kSlack) << figure;
    worst_ = std::max(worst_, off - truth_.every);
  }

  Truth truth_;
  Duration bad_until_;
  test::ScriptedService service_;
  ProbeReport got_;
  std::uint64_t lies_ = 0;
  mutable Duration worst_{-1s};
};

TEST(RecoveryAccuracy, IsWithinOneIntervalAndFiveMillisecondsOfTheTruth) {
  Duration worst{-1s};
  for (std::uint64_t seed = 0; seed < kRuns; ++seed) {
    Rng rng = rng_for({seed}, "accuracy");
    const Truth truth = draw(rng);
    Accuracy run{seed, truth};
    run.play();
    run.hold_to_truth();
    worst = std::max(worst, run.worst());
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ", every " << truth.every.count();
  }
  RecordProperty("worst_beyond_one_interval_us", static_cast<int>(worst / 1us));
}

}  // namespace
}  // namespace blackstart
