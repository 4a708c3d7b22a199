#include "core/conductor.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "blackstart/limits.h"
#include "blackstart/params.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr Duration kGrace = 1s;  // beyond a probe's timeout, for a loop that was busy

bool contains(const std::vector<std::uint32_t>& entries, std::uint32_t entry) {
  return std::ranges::find(entries, entry) != entries.end();
}

std::string percent(double share) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g%%", share * 100);
  return text;
}

}  // namespace

Conductor::Conductor(const Scenario& scenario)
    : scenario_{scenario},
      timeline_{scenario},
      next_change_{timeline_.next_change(Duration{-1})},
      next_note_{timeline_.next_note(Duration{-1})},
      was_on_(scenario.timeline.size()) {
  for (std::size_t i = 0; i < scenario.probes.size(); ++i) {
    const RecoveryRules rules = recovery_rules(scenario, i);
    probes_.push_back(
        {scenario.probes[i].name, rules.normal.fraction(), RecoveryTracker{rules}, {}});
    longest_timeout_ = std::max(longest_timeout_, rules.timeout);
  }
}

void Conductor::start(RunTime now) {
  BS_ASSERT(!started_);
  started_ = now;
}

void Conductor::on_sample(const ProbeSample& sample) {
  if (!started_ || sample.probe >= probes_.size()) return;
  Probe& probe = probes_[sample.probe];
  probe.tracker.on_sample(sample);
  if (sample.result.outcome != Outcome::ok) probe.last_reason = sample.result.reason;
}

void Conductor::on_switched(RunTime asked, RunTime at) {
  BS_ASSERT(switching_);
  switching_ = false;
  const bool before = !in_force_.empty();
  in_force_ = std::exchange(asked_for_, {});
  const bool to_confirm = std::ranges::any_of(
      in_force_, [this](std::uint32_t entry) { return contains(to_confirm_, entry); });
  if (!to_confirm) confirm_until_.reset();
  if (to_confirm && !confirm_until_) confirm_until_ = at + limits::confirm_within;
  if (before == !in_force_.empty()) return;
  for (Probe& probe : probes_) probe.tracker.on_faults(!before, asked, at);
  if (before) {
    last_lift_ = at;
    return;
  }
  last_lift_.reset();
  if (!first_on_) first_on_ = at;
}

void Conductor::ask_to_confirm(const std::vector<std::uint32_t>& entries) {
  to_confirm_.insert(to_confirm_.end(), entries.begin(), entries.end());
}

void Conductor::confirm() {
  if (!confirm_until_) return;
  confirm_until_.reset();
  to_confirm_.clear();
}

void Conductor::interrupt(int signal) { end(EndEvent::Why::interrupted, {}, signal); }

void Conductor::fail(std::string text) {
  lift_failed_ = lift_failed_ || (switching_ && ending_);
  switching_ = false;
  end(EndEvent::Why::error, std::move(text));
}

void Conductor::end(EndEvent::Why why, std::string text, int signal) {
  if (!ending_) ending_ = Ending{why, signal, std::move(text)};
}

std::vector<Action> Conductor::advance(RunTime now) {
  BS_ASSERT(now >= now_);
  now_ = now;
  Actions out;
  if (phase_ == RunPhase::ended) return out;
  check_confirmation(now, out);
  if (!ending_) check_guards(now, out);
  if (!ending_ && started_ && phase_ == RunPhase::preparing) enter(RunPhase::baseline, out);
  if (!ending_ && phase_ == RunPhase::baseline) judge_baseline(now, out);
  if (!ending_ && phase_ == RunPhase::timeline) follow_timeline(now, out);
  if (!ending_ && phase_ == RunPhase::watching) watch(now, out);
  if (ending_) lift_and_finish(now, out);
  return out;
}

void Conductor::enter(RunPhase phase, Actions& out) {
  phase_ = phase;
  out.push_back(EnterPhase{phase});
}

RunTime Conductor::baseline_end() const { return *started_ + scenario_.watch.baseline; }

bool Conductor::baseline_complete() const {
  return std::ranges::all_of(probes_, [&](const Probe& probe) {
    const auto until = probe.tracker.judged_until();
    return until && *until >= baseline_end();
  });
}

void Conductor::judge_baseline(RunTime now, Actions& out) {
  if (scenario_.watch.baseline > Duration::zero()) {
    if (now < baseline_end()) return;
    if (!baseline_complete() && now < baseline_end() + longest_timeout_ + kGrace) return;
    if (std::string text = not_normal(); !text.empty()) {
      return end(EndEvent::Why::not_normal, std::move(text));
    }
  }
  zero_ = now;
  enter(RunPhase::timeline, out);
}

// What is wrong with the first probe that was not normal before the fault; empty: all were.
std::string Conductor::not_normal() const {
  for (const Probe& probe : probes_) {
    const Baseline& baseline = probe.tracker.baseline();
    const auto until = probe.tracker.judged_until();
    const std::string because = probe.last_reason.empty() ? "" : ": " + probe.last_reason;
    if (!until || *until < baseline_end()) return probe.name + " gave no answer in time";
    if (baseline.wrong > 0) return probe.name + " answered wrongly before the fault" + because;
    if (baseline.ok_share().value_or(0.0) < probe.normal) {
      return probe.name + " was " + percent(baseline.ok_share().value_or(0.0)) +
             " ok before the fault, " + percent(probe.normal) + " is needed" + because;
    }
  }
  return {};
}

void Conductor::follow_timeline(RunTime now, Actions& out) {
  const Duration at = now - *zero_;
  say_notes(at, out);
  if (switching_) return;
  if (next_change_ && *next_change_ <= at) return show(instant_to_show(at), out);
  if (!next_change_ && in_force_.empty()) enter(RunPhase::watching, out);
}

void Conductor::say_notes(Duration until, Actions& out) {
  for (; next_note_ && *next_note_ <= until; next_note_ = timeline_.next_note(*next_note_)) {
    for (const std::uint32_t entry : timeline_.notes_at(*next_note_)) {
      out.push_back(SayNote{entry, scenario_.timeline[entry].note});
    }
  }
}

// The present, unless an entry that was never in force would be missed by it.
Duration Conductor::instant_to_show(Duration now) const {
  Duration instant = now;
  for (std::uint32_t entry = 0; entry < was_on_.size(); ++entry) {
    if (was_on_[entry] || !scenario_.timeline[entry].fault) continue;
    const Timeline::State first = timeline_.state(entry, timeline_.extent(entry).from);
    instant = std::min(instant, *first.until - Duration{1});
  }
  return instant;
}

void Conductor::show(Duration at, Actions& out) {
  next_change_ = timeline_.next_change(at);
  std::vector<std::uint32_t> entries = timeline_.in_force(at);
  std::vector<SwitchTo::Change> changes;
  const auto due = [&](std::uint32_t entry) {
    return *zero_ + timeline_.state(entry, at).since.value_or(at);
  };
  for (const std::uint32_t entry : in_force_) {
    if (!contains(entries, entry)) changes.push_back({entry, false, due(entry)});
  }
  for (const std::uint32_t entry : entries) {
    if (!contains(in_force_, entry)) changes.push_back({entry, true, due(entry)});
    was_on_[entry] = true;
  }
  if (changes.empty()) return follow_timeline(now_, out);
  switch_to(std::move(entries), std::move(changes), out);
}

void Conductor::switch_to(std::vector<std::uint32_t> entries, std::vector<SwitchTo::Change> changes,
                          Actions& out) {
  switching_ = true;
  asked_for_ = entries;
  out.push_back(SwitchTo{std::move(entries), std::move(changes)});
}

void Conductor::watch(RunTime now, Actions& out) {
  say_notes(now - *zero_, out);
  if (now < *zero_ + timeline_.length()) return;
  const bool settled =
      !last_lift_ ||
      (now >= *last_lift_ + scenario_.watch.hold &&
       std::ranges::all_of(probes_, [](const Probe& probe) { return probe.tracker.settled(); }));
  if (settled || now >= *last_lift_ + scenario_.watch.limit) end(EndEvent::Why::finished, {});
}

void Conductor::check_guards(RunTime now, Actions& out) {
  if (!first_on_) return;
  if (scenario_.max_duration && now >= *first_on_ + *scenario_.max_duration) {
    return trip("the run reached its max_duration of " + duration_text(*scenario_.max_duration),
                out);
  }
  if (phase_ != RunPhase::timeline) return;
  for (const Guard& guard : scenario_.guards) {
    const Probe& probe = probes_.at(guard.probe);
    if (probe.tracker.failing_for() < guard.failing_for) continue;
    return trip(probe.name + " failed for " + duration_text(guard.failing_for), out);
  }
}

void Conductor::check_confirmation(RunTime now, Actions& out) {
  if (asked_until_ != confirm_until_) out.push_back(AskToConfirm{confirm_until_});
  asked_until_ = confirm_until_;
  if (ending_ || !confirm_until_ || now < *confirm_until_) return;
  trip("nobody confirmed within " + duration_text(limits::confirm_within) +
           " that the fault has not locked them out",
       out);
}

void Conductor::trip(std::string text, Actions& out) {
  out.push_back(TripGuard{text});
  end(EndEvent::Why::guard, std::move(text));
}

void Conductor::lift_and_finish(RunTime now, Actions& out) {
  if (switching_) return;
  if (!in_force_.empty() && !lift_failed_) {
    std::vector<SwitchTo::Change> changes;
    for (const std::uint32_t entry : in_force_) changes.push_back({entry, false, now});
    return switch_to({}, std::move(changes), out);
  }
  enter(RunPhase::ended, out);
  out.push_back(Finish{ending_->why, ending_->signal, ending_->text});
}

std::vector<RunTime> Conductor::deadlines() const {
  std::vector<RunTime> all;
  if (phase_ == RunPhase::baseline) {
    all.push_back(baseline_end());
    all.push_back(baseline_end() + longest_timeout_ + kGrace);
  }
  if (!zero_) return all;
  if (next_note_) all.push_back(*zero_ + *next_note_);
  if (next_change_) all.push_back(*zero_ + *next_change_);
  if (first_on_ && scenario_.max_duration) all.push_back(*first_on_ + *scenario_.max_duration);
  if (confirm_until_) all.push_back(*confirm_until_);
  if (phase_ != RunPhase::watching) return all;
  all.push_back(*zero_ + timeline_.length());
  if (last_lift_) {
    all.push_back(*last_lift_ + scenario_.watch.hold);
    all.push_back(*last_lift_ + scenario_.watch.limit);
  }
  return all;
}

std::optional<RunTime> Conductor::next_deadline() const {
  if (phase_ == RunPhase::ended || switching_) return std::nullopt;
  std::optional<RunTime> next;
  for (const RunTime at : deadlines()) {
    if (at > now_ && (!next || at < *next)) next = at;
  }
  return next;
}

}  // namespace blackstart
