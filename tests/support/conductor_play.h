#pragma once

// A scenario played on virtual time, as the runner would.

#include <algorithm>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/conductor.h"
#include "support/scenarios.h"
#include "support/scripted_service.h"

namespace blackstart::test {

using namespace std::chrono_literals;

// Plays a scenario on virtual time against one service for each probe, as the runner would.
class Play {
 public:
  explicit Play(Scenario scenario) : scenario_{std::move(scenario)}, conductor_{scenario_} {
    services.resize(scenario_.probes.size());
  }

  std::vector<ScriptedService> services;
  Duration switch_takes = 1ms;
  std::function<void(Duration now, Conductor&)> meddle = [](Duration, Conductor&) {};
  std::string switch_fails;  // with this text, the first time

  // What happened, in words.
  std::vector<std::string> log;
  std::optional<Finish> finish;
  std::vector<SwitchTo> switches;

  void run(Duration until = 50s) {
    plan_samples(until);
    conductor_.start({now_});
    obey();
    while (!finish && now_ < until) {
      step(until);
      meddle(now_, conductor_);
      obey();
    }
  }

  Conductor& conductor() { return conductor_; }
  Duration now() const { return now_; }

 private:
  void plan_samples(Duration until) {
    std::vector<RunEvent> all;
    for (std::uint32_t i = 0; i < services.size(); ++i) {
      for (auto& s : services[i].samples(i, scenario_.probes[i].every, 0s, until)) {
        all.push_back(std::move(s));
      }
    }
    sort_as_known(all);
    for (RunEvent& event : all) samples_.push_back(std::get<ProbeSample>(std::move(event)));
  }

  void step(Duration until) {
    const auto deadline = conductor_.next_deadline();
    Duration next = deadline ? deadline->since_start : until;
    if (!samples_.empty() && samples_.front().done.since_start <= next) {
      next = std::max(now_, samples_.front().done.since_start);
      now_ = next;
      conductor_.on_sample(samples_.front());
      samples_.pop_front();
    }
    now_ = std::max(now_, next);
  }

  void obey() {
    bool switched = true;
    while (switched) {
      switched = false;
      for (const Action& action : conductor_.advance({now_})) {
        switched = std::visit([this](const auto& one) { return act(one); }, action) || switched;
      }
    }
  }

  void say(const std::string& text) { log.push_back(std::to_string(now_ / 1ms) + " " + text); }

  bool act(const SwitchTo& to) {
    std::string text = "switch";
    for (const auto& change : to.changes) {
      text += (change.on ? " +" : " -") + std::to_string(change.entry);
    }
    say(text);
    switches.push_back(to);
    const Duration asked = now_;
    now_ += switch_takes;
    if (!switch_fails.empty()) {
      conductor_.fail(std::exchange(switch_fails, {}));
    } else {
      conductor_.on_switched({asked}, {now_});
    }
    return true;
  }
  bool act(const SayNote& note) {
    say("note " + note.text);
    return false;
  }
  bool act(const EnterPhase& enter) {
    constexpr const char* kNames[] = {"preparing", "baseline", "timeline", "watching", "ended"};
    say(kNames[static_cast<int>(enter.phase)]);
    return false;
  }
  bool act(const AskToConfirm& question) {
    say(question.until ? "ask until " + std::to_string(question.until->since_start / 1ms)
                       : "asked");
    return false;
  }
  bool act(const TripGuard& guard) {
    say("guard " + guard.text);
    return false;
  }
  bool act(const Finish& end) {
    finish = end;
    return false;
  }

  Scenario scenario_;
  Conductor conductor_;
  std::deque<ProbeSample> samples_;
  Duration now_ = 0s;
};

// A probe and a control, and a fault from 5 s to 15 s.
inline Scenario simple() {
  Scenario scenario =
      scenario_of({fault_entry("cut", 0s, 10s)}, {probe("balance"), probe("ledger")});
  scenario.watch.baseline = 5s;
  return scenario;
}

}  // namespace blackstart::test
