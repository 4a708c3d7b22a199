#include "scenario/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/test_kinds.h"

// covers scenario/build
// covers scenario/build_frame
// covers scenario/build_probes
// covers scenario/build_targets
// covers scenario/build_timeline
// covers scenario/layers
// covers scenario/names
// covers scenario/resolved

namespace blackstart {
namespace {

using namespace std::chrono_literals;

Loaded load_text(const std::string& text, const LoadOptions& options = {}) {
  return load({"dir/night.yaml", text}, test_kinds::kinds(), options);
}

std::string told(const Loaded& loaded) {
  std::string out;
  for (const Diagnostic& one : loaded.diagnostics) out += render(one, loaded.sources);
  return out;
}

constexpr const char* kWhole = R"(blackstart: 1
title: A night
about: prose
incident:
  {date: 2025-10-20, provider: AWS, fault: 157m, event: 872m, sources: [https://example.com]}
speed: 60
seed: 18446744073709551615
where: {container: web}
targets:
  api:
    names: [API.Example.com., "*.svc.local"]
  db:
    cidr: [10.0.0.0/8, "2001:db8::/32"]
    port: [443, 8000-8100]
    protocol: tcp
    interface: eth0
    uid: 1000
    where: {pid: 4711}
stack:
  start: ./up.sh && sleep 1
  stop: [./down.sh, now]
  ready: {http: "http://localhost/"}
  ready_within: 1m
probes:
  web: {http: "http://localhost/", every: 100ms, timeout: 2s}
  ledger: {tcp: "localhost:1", role: control}
watch: {baseline: 0s, hold: 2s, limit: 1m}
timeline:
  - {at: 30s, for: 10s, dns: {target: api, answer: servfail}}
  - {at: 10s, for: 5m, may_miss: true, pulse: {on: 20s, off: 10s},
     partition: {target: db, how: reset}}
  - {at: 10s, note: hello}
  - {at: 40s, for: 10s, dns: {target: api, answer: {a: [1.2.3.4]}}}
objectives:
  web: {normal: 95%, recover_within: 30s, max_wrong: 2, max_amplification: 1.5}
guards:
  - {probe: web, failing_for: 1m}
  - {max_duration: 10m}
)";

TEST(Loader, TypesEveryPartOfAScenario) {
  const Loaded loaded = load_text(kWhole);
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  const Scenario& s = *loaded.scenario;
  EXPECT_EQ(s.name, "night");
  EXPECT_EQ(s.incident->event, 872min);
  EXPECT_EQ(s.speed, 60);
  EXPECT_EQ(s.seed, 18446744073709551615U);
  EXPECT_EQ(to_text(s.where), "container web");

  EXPECT_THAT(s.targets[0].names, testing::ElementsAre("api.example.com", "*.svc.local"));
  EXPECT_EQ(to_text(s.targets[1].cidr[1]), "2001:db8::/32");
  EXPECT_EQ(s.targets[1].port[1], (PortRange{8000, 8100}));
  EXPECT_EQ(s.targets[1].protocol, Protocol::tcp);
  EXPECT_EQ(s.targets[1].uid, 1000u);
  EXPECT_EQ(s.targets[1].where->pid, 4711);

  EXPECT_THAT(s.stack->start, testing::ElementsAre("/bin/sh", "-c", "./up.sh && sleep 1"));
  EXPECT_THAT(s.stack->stop, testing::ElementsAre("./down.sh", "now"));
  EXPECT_EQ(s.stack->ready->in_words(), "GET http://localhost/");
  EXPECT_EQ(s.probes[0].every, 100ms);
  EXPECT_EQ(s.probes[1].every, 200ms);
  EXPECT_EQ(s.probes[1].role, Role::control);
  EXPECT_EQ(s.watch.baseline, 0s);
  EXPECT_EQ(s.objectives.at(0).max_wrong, 2u);
  EXPECT_EQ(s.objectives.at(0).normal, Probability::from_percent(95));
  EXPECT_EQ(s.guards[0].failing_for, 1min);
  EXPECT_EQ(s.max_duration, 10min);
}

TEST(Loader, SortsTheTimelineByTimeAndNamesWhatHasNoName) {
  const Loaded loaded = load_text(kWhole);
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  const auto& timeline = loaded.scenario->timeline;
  ASSERT_EQ(timeline.size(), 4u);
  EXPECT_EQ(timeline[0].name, "partition on db");
  EXPECT_EQ(timeline[0].fault->in_words(), "reset");
  EXPECT_EQ(timeline[0].pulse->off, 10s);
  EXPECT_TRUE(timeline[0].may_miss);
  EXPECT_EQ(timeline[1].note, "hello");
  EXPECT_EQ(timeline[1].fault, nullptr);
  EXPECT_EQ(timeline[2].name, "dns on api");
  EXPECT_EQ(timeline[3].name, "dns on api (2)");
  EXPECT_EQ(timeline[3].target, 0u);
}

TEST(Loader, LoadsWhatItResolvedToTheSameScenario) {
  const Loaded first = load_text(kWhole);
  ASSERT_TRUE(first.scenario);
  const Loaded again = load_text(first.scenario->resolved);
  ASSERT_TRUE(again.scenario) << told(again);
  EXPECT_EQ(again.scenario->resolved, first.scenario->resolved);
  EXPECT_EQ(again.scenario->timeline.size(), first.scenario->timeline.size());
  EXPECT_EQ(again.scenario->seed, first.scenario->seed);
}

constexpr const char* kMinimal = R"(blackstart: 1
targets: {api: {names: api.example.com}}
timeline: [{at: 0s, for: 10s, dns: {target: api, answer: drop}}]
)";

TEST(Loader, ResolvesVarsAndKeepsEscapesAsTheyWere) {
  LoadOptions options;
  options.sets["x"] = "5";
  const Loaded loaded =
      load_text(std::string{kMinimal} + "about: \"$${y} ${x} 010\"\nvars: {x: 1}\n", options);
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  EXPECT_EQ(loaded.scenario->about, "${y} 5 010");
  EXPECT_EQ(loaded.scenario->resolved.find("vars"), std::string::npos);
  const Loaded again = load_text(loaded.scenario->resolved);
  ASSERT_TRUE(again.scenario) << told(again);
  EXPECT_EQ(again.scenario->about, "${y} 5 010");
}

LoadOptions with_library(const std::string& text) {
  LoadOptions options;
  options.library = [text](std::string_view name) -> std::optional<SourceText> {
    if (name != "base") return std::nullopt;
    return SourceText{"library:base", text};
  };
  return options;
}

TEST(Loader, LaysAFileOverWhatItReplays) {
  const std::string base = std::string{kMinimal} + "vars: {n: base}\nspeed: 2\ntitle: '${n}'\n" +
                           "where: {pid: 1}\nwatch: {hold: 9s, limit: 8m}\n";
  const Loaded loaded = load_text(R"(blackstart: 1
replay: base
vars: {n: mine}
where: {netns: blue}
watch: {hold: 3s}
targets: {more: {cidr: 10.0.0.0/8}}
)",
                                  with_library(base));
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  const Scenario& s = *loaded.scenario;
  EXPECT_EQ(s.name, "night");
  EXPECT_EQ(s.title, "mine");
  EXPECT_EQ(s.speed, 2);
  EXPECT_EQ(to_text(s.where), "netns blue");
  EXPECT_EQ(s.watch.hold, 3s);
  EXPECT_EQ(s.watch.limit, 8min);
  EXPECT_EQ(s.targets.size(), 2u);
  EXPECT_EQ(s.timeline.size(), 1u);
}

TEST(Loader, ReplacesAListOfWhatItReplays) {
  const Loaded loaded = load_text(
      "blackstart: 1\nreplay: base\ntimeline: [{at: 5s, for: 1s, dns: {target: api, answer: "
      "nodata}}]\n",
      with_library(kMinimal));
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  ASSERT_EQ(loaded.scenario->timeline.size(), 1u);
  EXPECT_EQ(loaded.scenario->timeline[0].at, 5s);
}

TEST(Loader, RefusesAReplayThatGoesRound) {
  const Loaded loaded =
      load_text("blackstart: 1\nreplay: base\n", with_library("blackstart: 1\nreplay: base\n"));
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].message, "'replay' goes round in a circle");
  EXPECT_EQ(loaded.diagnostics[0].pos.file, 1u);
}

TEST(Loader, LaysOverlaysOnTop) {
  LoadOptions options;
  options.overlays.push_back({"--probe", "probes: {health: {http: 'http://x/'}}"});
  const Loaded loaded = load_text(kMinimal, options);
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  ASSERT_EQ(loaded.scenario->probes.size(), 1u);
  EXPECT_EQ(loaded.scenario->probes[0].name, "health");
}

TEST(Loader, TellsTheKindsComplaintsButNotTwice) {
  const auto messages = [](const std::string& dns) {
    const Loaded loaded = load_text(
        "blackstart: 1\ntargets: {api: {names: a.example}}\ntimeline: [{at: 0s, for: 1s, dns: " +
        dns + "}]\n");
    std::vector<std::string> out;
    for (const Diagnostic& one : loaded.diagnostics) out.push_back(one.message);
    return out;
  };
  EXPECT_THAT(messages("{target: api}"), testing::ElementsAre("a dns fault needs 'answer'"));
  EXPECT_THAT(messages("{target: api, anser: drop}"),
              testing::ElementsAre(testing::StartsWith("unknown key 'anser'")));
}

TEST(Loader, HoldsFaultsAgainstTheirTargets) {
  const Loaded loaded = load_text(
      "blackstart: 1\ntargets: {db: {port: 1}}\n"
      "timeline: [{at: 0s, for: 1s, dns: {target: db, answer: drop}}]\n");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(loaded.diagnostics[0].message, "a dns fault needs a target with 'names'");
  EXPECT_EQ(loaded.diagnostics[0].pos.line, 3u);
}

TEST(Loader, LetsTheTimelinesEndBoundAFaultWithoutFor) {
  const char* open =
      "blackstart: 1\ntargets: {a: {port: 1}}\ntimeline:\n"
      "  - {at: 0s, partition: {target: a}}\n  - {at: 9s, note: end}\n";
  const Loaded loaded = load_text(open);
  ASSERT_TRUE(loaded.scenario) << told(loaded);
  EXPECT_EQ(loaded.scenario->timeline[0].lasts, std::nullopt);
  EXPECT_EQ(loaded.scenario->timeline_length(), 9s);
}

TEST(Loader, CountsTheMistakesThatNobodyWouldRead) {
  std::string text = kMinimal;
  for (int i = 0; i < 3000; ++i) text += "x" + std::to_string(i) + ": 1\n";
  const Loaded loaded = load_text(text);
  ASSERT_EQ(loaded.diagnostics.size(), 1001u);
  EXPECT_EQ(loaded.diagnostics.back().message, "and 2000 more mistakes from here on");
}

}  // namespace
}  // namespace blackstart
