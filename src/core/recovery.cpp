#include "core/recovery.h"

#include <algorithm>
#include <utility>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

Duration speed_bound(const Histogram& baseline) {
  const Duration p95 = baseline.percentile(0.95);
  return p95 + p95 / 4 + 1ms;
}

Reading reading_of(const ProbeSample& sample) {
  return {.seq = sample.seq,
          .due = sample.due,
          .sent = sample.sent,
          .done = sample.done,
          .outcome = sample.result.outcome};
}

}  // namespace

RecoveryRules recovery_rules(const Scenario& scenario, std::size_t probe) {
  const ProbeSpec& spec = scenario.probes.at(probe);
  const auto objective = scenario.objectives.find(probe);
  return {.every = spec.every,
          .timeout = spec.timeout,
          .hold = scenario.watch.hold,
          .normal = objective == scenario.objectives.end() ? Objective{}.normal
                                                           : objective->second.normal};
}

RecoveryTracker::RecoveryTracker(const RecoveryRules& rules)
    : rules_{rules},
      order_{rules.every, rules.timeout},
      window_{rules.every, rules.normal},
      speed_{rules.hold} {}

void RecoveryTracker::on_faults(bool in_force, RunTime asked, RunTime at) {
  changes_.push_back({in_force, asked, at});
}

void RecoveryTracker::on_sample(const ProbeSample& sample) {
  order_.add(reading_of(sample));
  while (const auto reading = order_.take()) judge(*reading);
}

void RecoveryTracker::finish(RunTime ended) {
  order_.close();
  while (const auto reading = order_.take()) judge(*reading);
  for (const Change& change : changes_) apply(change);
  changes_.clear();
  ended_ = ended;
}

void RecoveryTracker::apply(const Change& change) {
  if (!change.in_force) {
    if (!first_on_) return;
    last_lift_ = change;
    speed_.restart(change.at, speed_bound(before_));
    return;
  }
  if (!first_on_) first_on_ = change;
  if (!last_lift_) return;
  last_lift_.reset();
  during_.merge(after_);
  after_.clear();
  mitigated_.reset();
  first_good_.reset();
  recovered_.reset();
  back_ = false;
  relapses_ = 0;
}

void RecoveryTracker::judge(Reading reading) {
  while (!changes_.empty() && changes_.front().at <= reading.due) {
    apply(changes_.front());
    changes_.pop_front();
  }
  reading.across_lift = std::ranges::any_of(
      changes_, [&](const Change& change) { return !change.in_force && change.at < reading.done; });
  window_.add(reading);
  judged_ = reading.due;
  count(reading);
  if (first_on_) count_impact(reading);
  move_state(reading);
}

// Before the first fault, and not still waiting when it was asked for.
bool RecoveryTracker::before_faults(const Reading& reading) const {
  const auto first = std::ranges::find(changes_, true, &Change::in_force);
  return first == changes_.end() || reading.done <= first->asked;
}

void RecoveryTracker::count(const Reading& reading) {
  if (!first_on_) {
    if (!before_faults(reading)) return;
    ++baseline_.samples;
    baseline_.ok += reading.ok() ? 1U : 0U;
    baseline_.wrong += reading.outcome == Outcome::wrong ? 1U : 0U;
  }
  Histogram& phase = !first_on_ ? before_ : last_lift_ ? after_ : during_;
  if (reading.ok()) phase.add(reading.latency());
}

void RecoveryTracker::count_impact(const Reading& reading) {
  if (reading.ok()) {
    failing_since_.reset();
    if (last_lift_ && first_impact_ && !first_good_) first_good_ = reading.due;
    return;
  }
  if (!first_impact_) first_impact_ = reading.due;
  if (!failing_since_) failing_since_ = reading.due;
  downtime_ += rules_.every;
  last_down_ = reading.due;
}

void RecoveryTracker::move_state(const Reading& reading) {
  const bool was = std::exchange(normal_, window_.normal());
  if (first_on_ && !normal_) left_normal_ = true;
  if (was && !normal_) leave_normal(reading.due);
  if (!was && normal_) {
    stretch_from_ = window_.first_good();
    speed_.skip_to(stretch_from_);
  }
  if (last_lift_ && before_.count() > 0) speed_.add(reading, normal_, window_.width());
  if (!normal_) return;
  if (!mitigation_ && first_impact_) mitigation_ = window_.first_unaided(*first_impact_);
  look_for_return(reading.due);
}

void RecoveryTracker::leave_normal(RunTime at) {
  if (mitigated_by(at)) mitigated_ = mitigation_;
  mitigation_.reset();
  if (!recovered_) return;
  ++relapses_;
  back_ = false;
}

bool RecoveryTracker::mitigated_by(RunTime until) const {
  if (!mitigation_ || !last_lift_ || *mitigation_ >= last_lift_->at) return false;
  return until >= std::max(last_lift_->at, *mitigation_ + rules_.hold);
}

void RecoveryTracker::look_for_return(RunTime due) {
  if (!last_lift_) return;
  const RunTime start = std::max(stretch_from_, last_lift_->at);
  if (due - start < rules_.hold) return;
  if (!recovered_) recovered_ = start;
  back_ = true;
}

Duration RecoveryTracker::failing_for() const {
  return failing_since_ ? judged_ + rules_.every - *failing_since_ : Duration::zero();
}

std::size_t RecoveryTracker::kept() const {
  return order_.held() + window_.size() + speed_.size() + changes_.size() + before_.buckets() +
         during_.buckets() + after_.buckets();
}

Duration RecoveryTracker::downtime() const {
  if (!ended_ || !last_down_) return downtime_;
  const Duration beyond = *last_down_ + rules_.every - *ended_;
  return downtime_ - std::clamp(beyond, Duration::zero(), rules_.every);
}

RecoveryFigures RecoveryTracker::figures() const {
  RecoveryFigures out;
  out.baseline = baseline_;
  out.before = before_.summary();
  out.during = during_.summary();
  out.after = after_.summary();
  out.relapses = relapses_;
  out.downtime = downtime();
  out.uncertainty = rules_.every;
  out.first_fault = first_on_.has_value();
  out.left_normal = left_normal_;
  out.settled = settled();
  if (!first_on_) return out;
  const Duration first_edge = first_on_->at - first_on_->asked;
  out.uncertainty = rules_.every + first_edge;
  if (first_impact_) out.first_impact = *first_impact_ - first_on_->at;
  if (!last_lift_) return out;
  out.uncertainty = rules_.every + std::max(first_edge, last_lift_->at - last_lift_->asked);
  add_figures_of_lift(out);
  return out;
}

void RecoveryTracker::add_figures_of_lift(RecoveryFigures& out) const {
  const RunTime f0 = first_on_->at;
  const RunTime lift = last_lift_->at;
  const auto& mitigated = !mitigated_ && mitigated_by(judged_) ? mitigation_ : mitigated_;
  if (mitigated) out.mitigated = *mitigated - f0;
  if (first_good_) out.first_good = *first_good_ - lift;
  if (speed_.found()) out.back_to_speed = *speed_.found() - lift;
  if (!recovered_) return;
  out.recovered = *recovered_ - lift;
  if (!left_normal_ || lift <= f0) return;
  out.amplification = seconds_of(*recovered_ - f0) / seconds_of(lift - f0);
}

}  // namespace blackstart
