#pragma once

// A run as the demo has it, for tests of what people are shown: two wallets and a ledger, a name
// without addresses for 39 s and half without for 4 s, a wallet that lies and comes back 20 s
// after the last lift, one that fails over, and a control that never moves.

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/report.h"
#include "blackstart/scenario.h"
#include "core/analysis.h"
#include "support/scenarios.h"

namespace blackstart::test {

class EmptyName final : public Fault {
 public:
  explicit EmptyName(std::string words) : words_{std::move(words)} {}

  Needs needs(const Target&) const override { return Needs::redirect; }
  std::string in_words() const override { return words_; }
  std::optional<Duration> ttl_cap() const override { return std::nullopt; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler&) const override {}

 private:
  std::string words_;
};

inline Entry dns_entry(std::string name, Duration at, Duration lasts, std::string words) {
  Entry entry = fault_entry(std::move(name), at, lasts);
  entry.kind = "dns";
  entry.fault = std::make_shared<EmptyName>(std::move(words));
  return entry;
}

inline constexpr Duration kWalletEvery = std::chrono::milliseconds{200};
inline constexpr RunTime kWalletOn{std::chrono::seconds{8}};
inline constexpr RunTime kWalletHalf{std::chrono::milliseconds{47'250}};
inline constexpr RunTime kWalletLift{std::chrono::milliseconds{51'000}};
inline constexpr RunTime kWalletBack{std::chrono::milliseconds{71'800}};
inline constexpr RunTime kWalletEnd{std::chrono::milliseconds{76'000}};

inline Scenario wallet_scenario() {
  using namespace std::chrono_literals;
  Scenario scenario =
      scenario_of({dns_entry("the database has no address", 0min, 157min, "answer NODATA"),
                   note_entry("AWS: first public notice", 23min),
                   note_entry("AWS: engineers find that the name is the source", 50min),
                   dns_entry("half of the answers are still empty", 157min, 15min,
                             "answer NODATA to 50% of the questions"),
                   note_entry("AWS: the record is back; caches forget one by one", 157min)},
                  {probe("naive wallet", kWalletEvery), probe("multi-home wallet", kWalletEvery),
                   probe("ledger", kWalletEvery, Role::control)});
  scenario.name = "demo";
  scenario.title = "20 October 2025, seen by two wallets";
  scenario.incident = Incident{"2025-10-20", "AWS", {}, Duration{157min}, Duration{872min}};
  scenario.speed = 240.0;
  scenario.targets[0].name = "dynamodb";
  scenario.watch = {.baseline = 8s, .hold = 4s, .limit = 45s};
  Objective ten_seconds;
  ten_seconds.recover_within = 10s;
  scenario.objectives = {{0, ten_seconds}, {1, ten_seconds}};
  return scenario;
}

inline RunHeader wallet_header() {
  RunHeader header;
  header.tool_version = "0.1.0";
  header.host = "build-7";
  header.kernel = "Linux 6.1.0";
  header.engine = "nftables";
  header.user = "sre";
  header.command = "blackstart demo --seed 42";
  header.seed = 42;
  header.speed = 240.0;
  header.scenario = "demo";
  header.started_at = "2025-11-20T09:00:00Z";
  return header;
}

inline const std::string kWalletEvidence = "status 200, /balance: 0, expected 42.5";

inline ProbeSample wallet_sample(std::uint32_t probe, std::uint64_t seq,
                                 const std::string& evidence) {
  using namespace std::chrono_literals;
  const RunTime due{kWalletEvery * static_cast<std::int64_t>(seq)};
  const bool faulted = due >= kWalletOn && due < kWalletLift;
  ProbeSample sample{
      .probe = probe, .seq = seq, .due = due, .sent = due, .done = due, .result = {}};
  sample.result.outcome = Outcome::ok;
  const Duration usual[] = {2'100us, 2'600us, 700us};
  sample.done = due + usual[probe] + (faulted && probe == 1 ? 6ms : 0ms) + 10us * (seq % 13);
  if (probe != 0 || due <= kWalletOn || due >= kWalletBack) return sample;
  const bool gone = seq % 32 == 0;
  sample.result.outcome = gone ? Outcome::failed : Outcome::wrong;
  sample.result.reason = gone ? "no answer within 1s" : "/balance is 0, expected 42.5";
  if (!gone) sample.result.evidence = evidence;
  return sample;
}

// In the journal's order, of the whole run; `evidence` is what the wallet lies with.
inline std::vector<RunEvent> wallet_events(const std::string& evidence = kWalletEvidence) {
  using namespace std::chrono_literals;
  std::vector<std::pair<RunTime, RunEvent>> happened;
  const auto add = [&](RunTime at, RunEvent event) { happened.emplace_back(at, std::move(event)); };
  add({}, PhaseEvent{{}, RunPhase::baseline});
  add(kWalletOn, PhaseEvent{kWalletOn, RunPhase::timeline});
  const auto edge = [&](std::uint32_t entry, bool on, RunTime at) {
    add(at, FaultEdge{entry, on, at - 1ms, at - 800us, at, "2 rules armed", "ack"});
  };
  edge(0, true, kWalletOn);
  add(kWalletOn + 5'750ms, NoteEvent{kWalletOn + 5'750ms, "AWS: first public notice"});
  add(kWalletOn + 12'500ms,
      NoteEvent{kWalletOn + 12'500ms, "AWS: engineers find that the name is the source"});
  edge(0, false, kWalletHalf);
  add(kWalletHalf, Proof{0, 0, 0, 311, 0, {{"nodata", 311}}});
  edge(3, true, kWalletHalf);
  add(kWalletHalf, NoteEvent{kWalletHalf, "AWS: the record is back; caches forget one by one"});
  edge(3, false, kWalletLift);
  add(kWalletLift, Proof{3, 0, 0, 24, 0, {{"nodata", 11}, {"passed", 13}}});
  add(kWalletLift, PhaseEvent{kWalletLift, RunPhase::watching});
  for (std::uint64_t seq = 0; kWalletEvery * static_cast<std::int64_t>(seq) < 76s; ++seq) {
    for (std::uint32_t probe = 0; probe < 3; ++probe) {
      const ProbeSample sample = wallet_sample(probe, seq, evidence);
      add(sample.done, sample);
    }
  }
  add(kWalletEnd, PhaseEvent{kWalletEnd, RunPhase::ended});
  add(kWalletEnd, EndEvent{.at = kWalletEnd, .text = {}});
  std::ranges::stable_sort(happened, {}, &std::pair<RunTime, RunEvent>::first);

  std::vector<RunEvent> events{wallet_header()};
  for (auto& [at, event] : happened) events.push_back(std::move(event));
  return events;
}

inline RunReport wallet_report(const std::string& evidence = kWalletEvidence) {
  Analysis analysis{wallet_scenario()};
  for (const RunEvent& event : wallet_events(evidence)) analysis.add(event);
  return analysis.report();
}

inline RunTime instant_of(const RunEvent& event) {
  struct {
    RunTime operator()(const RunHeader&) const { return {}; }
    RunTime operator()(const Proof&) const { return {}; }
    RunTime operator()(const ProbeSample& sample) const { return sample.done; }
    RunTime operator()(const PhaseEvent& one) const { return one.at; }
    RunTime operator()(const FaultEdge& one) const { return one.at; }
    RunTime operator()(const NoteEvent& one) const { return one.at; }
    RunTime operator()(const WarningEvent& one) const { return one.at; }
    RunTime operator()(const GuardEvent& one) const { return one.at; }
    RunTime operator()(const EndEvent& one) const { return one.at; }
  } const at;
  return std::visit(at, event);
}

// What was known at an instant of that run: nobody has told its end.
inline RunReport wallet_report_until(RunTime until) {
  Analysis analysis{wallet_scenario()};
  for (const RunEvent& event : wallet_events()) {
    if (instant_of(event) <= until) analysis.add(event);
  }
  return analysis.report();
}

}  // namespace blackstart::test
