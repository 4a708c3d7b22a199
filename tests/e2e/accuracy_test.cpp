// covers core/recovery, probe/prober
// The accuracy that recovery is promised with, in real time: the real binary with a real fault in
// force, held against services that fail and lie at instants which the test fixes.
//
// Two clocks meet. The service has its own, the journal counts from the run's start; both are
// CLOCK_MONOTONIC, so they differ by a constant, which the lies give away: each carries the
// instant at which it was told, and that is not before the journal's `sent` of its sample and
// not after its `done`. All lies of a run together leave the constant an interval; its middle is
// taken, and half its width is the error of the join. That error is not added to the tolerance.
//
// A late machine. Between being due and being read by the service a sample may wait for a CPU,
// and a sample counts when it was due: one that was due before an edge of the truth and read
// after it is wrong about that edge by its wait. A run where such a sample waited for more than
// an interval, where any waited for half its timeout, or whose clocks are joined worse than the
// 5 ms, shows the machine and not the product, and so does one that found an honest service not
// normal: it is played again with another seed. What decides that is in the journal and does not
// know what was measured.

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <mutex>
#include <thread>

#include "blackstart/random.h"
#include "support/real_run.h"
#include "support/timed_service.h"

namespace blackstart::test {
namespace {

constexpr std::size_t kRuns = 20;
constexpr std::uint64_t kSeedsMax = 60;
constexpr int kLanes = 4;
constexpr Duration kSlack = 5ms;
constexpr Duration kTimeout = 400ms;

Duration between(Rng& rng, Duration least, Duration most) {
  return least + Duration{static_cast<std::int64_t>(rng.fraction() *
                                                    static_cast<double>((most - least).count()))};
}

Duration span_in(const Json& event, const char* key) {
  return Duration{event.value(key, std::int64_t{0})};
}

// What is drawn for a run; the truth counts from when the fault was seen to be in force.
struct Draw {
  Duration every{}, fault{};
  TimedTruth truth;

  explicit Draw(std::uint64_t seed) {
    Rng rng = rng_for({seed}, "accuracy in real time");
    const auto whole_ms = [](Duration span) { return span / 1ms * Duration{1ms}; };
    every = whole_ms(between(rng, 20ms, 80ms));
    const bool mitigates = rng.fraction() < 0.5;
    fault = whole_ms(mitigates ? between(rng, 2200ms, 2800ms) : between(rng, 700ms, 1500ms));
    truth.failure = static_cast<TimedTruth::Failure>(rng.next() % 3);
    truth.failing.from = between(rng, 50ms, 400ms);
    truth.failing.to = truth.failing.from + between(rng, 400ms, 800ms);
    truth.lying.from = truth.failing.to + between(rng, 0ms, 200ms);
    truth.lying.to = truth.lying.from + between(rng, 400ms, 700ms);
  }
};

std::string scenario_of(const Draw& draw) {
  const auto in_ms = [](Duration span) { return std::to_string(span / 1ms) + "ms"; };
  return "blackstart: 1\n"
         "title: A service whose truth is known\n"
         "targets: {far: {cidr: [127.0.0.2/32], port: [8545], protocol: tcp}}\n"
         "probes:\n"
         "  service: {http: 'http://127.0.0.1:8545/', truth: {json: {/balance: 42}}, every: " +
         in_ms(draw.every) + ", timeout: " + in_ms(kTimeout) +
         "}\n"
         "  far: {tcp: '127.0.0.2:8545', every: 100ms, timeout: 300ms}\n"
         "watch: {baseline: 400ms, hold: 400ms, limit: 20s}\n"
         "timeline: [{at: 0s, for: " +
         in_ms(draw.fault) + ", partition: {target: far, how: reset}}]\n";
}

// What a run said, and what was true, on the run's clock.
struct Played {
  std::uint64_t seed = 0;
  Draw draw{0};
  Duration on{}, lift{}, join_error{};
  TimeSpan failing{}, lying{};
  std::uint64_t lies_told = 0;
  Json report;
  std::string late, broken;  // why it can't be judged; what went wrong
};

// When the service had read it, at the latest.
Duration read_by(const Json& sample) {
  if (!sample.contains("first_byte")) return span_in(sample, "done");
  Duration at = span_in(sample, "sent");
  for (const char* phase : {"resolve", "connect", "tls", "first_byte"})
    at += span_in(sample, phase);
  return at;
}

// The service's clock minus the run's, in `least` to `most`.
struct Join {
  Duration least = -1h, most = 1h;

  void add(const Json& lie) {
    const std::string evidence = lie.at("evidence");
    const Duration told{std::stoll(evidence.substr(evidence.find("told_at\": ") + 10))};
    least = std::max(least, told - span_in(lie, "done"));
    most = std::min(most, told - span_in(lie, "sent"));
  }
  Duration middle() const { return least + (most - least) / 2; }
  Duration error() const { return (most - least) / 2; }
};

std::string lateness_of(const Played& run, const std::vector<Json>& samples) {
  if (run.join_error > kSlack) return "clocks joined badly";
  const std::array edges{run.failing.from, run.failing.to, run.lying.from, run.lying.to};
  for (const Json& sample : samples) {
    const Duration due = span_in(sample, "due"), read = read_by(sample);
    if (read - due > kTimeout / 2) return "a sample waited for half its timeout";
    const auto astride = [&](Duration edge) { return due < edge && edge <= read; };
    if (read - due > run.draw.every && std::ranges::any_of(edges, astride)) {
      return "a sample waited at an edge for longer than an interval";
    }
  }
  return {};
}

class AccuracyInRealTime : public RealRun {
 protected:
  // Plays seed after seed, in a network of its own, until there is enough to judge.
  void play_lane() {
    check("unshare(net)", ::unshare(CLONE_NEWNET));
    loopback_up();
    TimedService service{8545};
    for (;;) {
      const std::uint64_t seed = next_seed_++;
      if (seed >= kSeedsMax || enough()) return;
      Played run = play_seed(seed, service);
      const std::lock_guard lock{mutex_};
      (run.late.empty() ? judged_ : late_).push_back(std::move(run));
    }
  }

  bool enough() {
    const std::lock_guard lock{mutex_};
    return judged_.size() >= kRuns;
  }

  Played play_seed(std::uint64_t seed, TimedService& service) const {
    Played run;
    run.seed = seed;
    run.draw = Draw{seed};
    const std::string name = "run" + std::to_string(seed);
    write(name + ".yaml", scenario_of(run.draw));
    service.set({});
    const std::uint64_t lies_before = service.lies_told();
    const auto process = start(name, blackstart("run " + name + ".yaml --plain --out " + name +
                                                " --seed " + std::to_string(seed)));
    const std::string journal = path() + "/" + name + "/journal.jsonl";
    const auto says = [&](const char* event) {
      return text_of(journal).find(event) != std::string::npos;
    };
    comes_true(30s, [&] { return says(R"("e":"on")") || says(R"("e":"end")"); });
    if (says(R"("why":"not_normal")")) {
      run.late = "an honest service did not look normal";
      return run;
    }
    TimedTruth truth = run.draw.truth;
    const Duration now = service.clock().now().since_start;
    for (TimeSpan* span : {&truth.failing, &truth.lying}) {
      span->from += now;
      span->to += now;
    }
    service.set(truth);
    if (const int code = end_of(*process, 30s); code != 0) {
      run.broken = "ended with " + std::to_string(code) + text_of(path() + "/" + name + ".txt");
    }
    run.lies_told = service.lies_told() - lies_before;
    if (run.broken.empty()) read(run, truth, name);
    return run;
  }

  void read(Played& run, const TimedTruth& truth, const std::string& name) const {
    std::vector<Json> samples;
    Join join;
    std::ifstream in{path() + "/" + name + "/journal.jsonl"};
    for (std::string line; std::getline(in, line);) {
      Json event = Json::parse(line);
      if (event.at("e") == "on") run.on = span_in(event, "at");
      if (event.at("e") == "lift") run.lift = span_in(event, "at");
      if (event.at("e") != "sample" || event.at("probe") != 0) continue;
      if (event.at("outcome") == "wrong") join.add(event);
      samples.push_back(std::move(event));
    }
    run.join_error = join.error();
    run.failing = {truth.failing.from - join.middle(), truth.failing.to - join.middle()};
    run.lying = {truth.lying.from - join.middle(), truth.lying.to - join.middle()};
    run.report = Json::parse(text_of(path() + "/" + name + "/report.json"));
    run.late = lateness_of(run, samples);
  }

  void hold_to_truth(const Played& run) {
    SCOPED_TRACE("seed " + std::to_string(run.seed) + ", every " +
                 std::to_string(run.draw.every / 1ms) + "ms");
    ASSERT_EQ(run.broken, "");
    EXPECT_GE(run.join_error, 0ns) << "a lie that was told before it was asked for";
    const Json& got = run.report.at("probes").at("service");
    near(run, got.at("first_impact_s"), run.failing.from - run.on, "first impact");
    const Duration spare = run.lift - run.lying.to;
    near(run, got.at("recovered_s"), std::max<Duration>(0ns, -spare), "recovered");
    // Too near to the lift to tell: no sample between the return and the lift, or one that was
    // still waiting.
    if (spare > 2 * run.draw.every + kSlack) {
      near(run, got.at("mitigated_s"), run.lying.to - run.on, "mitigated");
      ++mitigated_;
    } else if (spare < -run.join_error) {
      EXPECT_TRUE(got.at("mitigated_s").is_null()) << got.at("mitigated_s");
    }
    EXPECT_EQ(got.at("wrong"), run.lies_told);
    EXPECT_GT(run.lies_told, 3);
    worst_join_ = std::max(worst_join_, run.join_error);
  }

  void near(const Played& run, const Json& seconds, Duration truth, const char* figure) {
    ASSERT_TRUE(seconds.is_number()) << figure;
    const auto measured =
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds.get<double>()));
    const Duration beyond = std::chrono::abs(measured - truth) - run.draw.every;
    EXPECT_LE(beyond, kSlack) << figure << ": " << measured.count() << " ns, truth "
                              << truth.count() << " ns";
    worst_ = std::max(worst_, beyond);
  }

  std::atomic<std::uint64_t> next_seed_ = 0;
  std::mutex mutex_;
  std::vector<Played> judged_, late_;
  std::size_t mitigated_ = 0;
  Duration worst_{-1h}, worst_join_{};
};

TEST_F(AccuracyInRealTime, IsWithinOneIntervalAndFiveMillisecondsOfTheTruth) {
  std::vector<std::thread> lanes;
  for (int i = 0; i < kLanes; ++i) lanes.emplace_back([this] { play_lane(); });
  for (std::thread& lane : lanes) lane.join();
  for (const Played& run : judged_) hold_to_truth(run);
  std::printf(
      "%zu runs judged (%zu mitigated), the worst %.2f ms beyond one interval, clocks"
      " joined to %.2f ms; %zu runs of a late machine\n",
      judged_.size(), mitigated_, milliseconds_of(worst_), milliseconds_of(worst_join_),
      late_.size());
  for (const Played& run : late_) {
    std::printf("  seed %d: %s\n", static_cast<int>(run.seed), run.late.c_str());
  }
  EXPECT_GE(judged_.size(), kRuns) << "the machine was too late too often";
  EXPECT_GT(mitigated_, kRuns / 5);
}

}  // namespace
}  // namespace blackstart::test
