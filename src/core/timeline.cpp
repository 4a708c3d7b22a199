#include "core/timeline.h"

#include <algorithm>
#include <cmath>

namespace blackstart {
namespace {

constexpr Duration kTick{1};

void keep_earliest(std::optional<Duration>& least, std::optional<Duration> other, Duration after) {
  if (other && *other > after && (!least || *other < *least)) least = other;
}

}  // namespace

Timeline::Timeline(const Scenario& scenario) : speed_{scenario.speed > 0 ? scenario.speed : 1.0} {
  const Duration end = scenario.timeline_length();
  for (const Entry& entry : scenario.timeline) {
    Span span{.note = !entry.fault, .at = entry.at, .to = entry.at};
    if (!span.note) span.to = entry.lasts ? entry.at + *entry.lasts : end;
    if (entry.pulse && entry.pulse->on > Duration::zero()) {
      span.on = entry.pulse->on;
      span.period = entry.pulse->on + std::max(entry.pulse->off, Duration::zero());
    }
    spans_.push_back(span);
    length_ = std::max(length_, extent(static_cast<std::uint32_t>(spans_.size() - 1)).to);
  }
}

Duration Timeline::real(Duration scenario_time) const {
  return Duration{std::llround(static_cast<double>(scenario_time.count()) / speed_)};
}

std::int64_t Timeline::stretches(const Span& span) const {
  if (span.period == Duration::zero()) return 1;
  const std::int64_t period = span.period.count();
  return std::max<std::int64_t>(1, ((span.to - span.at).count() + period - 1) / period);
}

Timeline::Stretch Timeline::stretch(const Span& span, std::int64_t n) const {
  const Duration from = span.at + n * span.period;
  const Duration to = span.period == Duration::zero() ? span.to : std::min(from + span.on, span.to);
  return {real(from), std::max(real(to), real(from) + kTick)};
}

Timeline::State Timeline::state(std::uint32_t entry, Duration at) const {
  const Span& span = spans_.at(entry);
  if (span.note) return {};
  const std::int64_t count = stretches(span);
  std::int64_t near = 0;
  if (span.period > Duration::zero()) {
    const double passed = static_cast<double>(at.count()) * speed_;
    const double periods =
        (passed - static_cast<double>(span.at.count())) / static_cast<double>(span.period.count());
    near = static_cast<std::int64_t>(std::clamp(periods, 0.0, static_cast<double>(count - 1)));
  }
  // Rounding to nanoseconds may put the instant into either neighbour.
  State state;
  for (std::int64_t n = std::max<std::int64_t>(0, near - 1); n <= near + 1 && n < count; ++n) {
    const Stretch candidate = stretch(span, n);
    if (at < candidate.from) {
      if (!state.on) state.until = candidate.from;
      break;
    }
    state = {at < candidate.to, at < candidate.to ? candidate.from : candidate.to, std::nullopt};
    if (state.on) state.until = candidate.to;
  }
  return state;
}

std::vector<std::uint32_t> Timeline::in_force(Duration at) const {
  struct Started {
    Duration since;
    std::uint32_t entry;
  };
  std::vector<Started> on;
  for (std::uint32_t entry = 0; entry < spans_.size(); ++entry) {
    if (const State now = state(entry, at); now.on) on.push_back({*now.since, entry});
  }
  std::ranges::stable_sort(on, {}, &Started::since);
  std::vector<std::uint32_t> entries;
  for (const Started& started : on) entries.push_back(started.entry);
  return entries;
}

std::optional<Duration> Timeline::next_change(Duration after) const {
  std::optional<Duration> least;
  for (std::uint32_t entry = 0; entry < spans_.size(); ++entry) {
    keep_earliest(least, state(entry, after).until, after);
  }
  return least;
}

std::optional<Duration> Timeline::next_note(Duration after) const {
  std::optional<Duration> least;
  for (const Span& span : spans_) {
    if (span.note) keep_earliest(least, real(span.at), after);
  }
  return least;
}

std::vector<std::uint32_t> Timeline::notes_at(Duration at) const {
  std::vector<std::uint32_t> notes;
  for (std::uint32_t entry = 0; entry < spans_.size(); ++entry) {
    if (spans_[entry].note && real(spans_[entry].at) == at) notes.push_back(entry);
  }
  return notes;
}

Timeline::Extent Timeline::extent(std::uint32_t entry) const {
  const Span& span = spans_.at(entry);
  if (span.note) return {real(span.at), real(span.at)};
  return {stretch(span, 0).from, stretch(span, stretches(span) - 1).to};
}

}  // namespace blackstart
