#include "core/sample_order.h"

#include <algorithm>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

constexpr std::chrono::seconds kGrace{1};  // for a loop that was busy

std::size_t under_way_max(Duration every, Duration timeout) {
  const std::int64_t due_meanwhile = timeout / std::max(every, Duration{1});
  return limits::probe_in_flight_max +
         static_cast<std::size_t>(std::max<std::int64_t>(0, due_meanwhile));
}

}  // namespace

SampleOrder::SampleOrder(Duration every, Duration timeout)
    : every_{every}, timeout_{timeout}, held_max_{under_way_max(every, timeout)} {}

void SampleOrder::add(const Reading& reading) {
  if (!anchor_) anchor_ = reading;
  latest_done_ = std::max(latest_done_, reading.done);
  if (reading.seq >= next_) held_.emplace(reading.seq, reading);
}

bool SampleOrder::given_up() const {
  return closed_ || held_.size() > held_max_ ||
         latest_done_ > held_.begin()->second.sent + timeout_ + kGrace;
}

std::optional<Reading> SampleOrder::take() {
  if (held_.empty()) return std::nullopt;
  const auto first = held_.begin();
  if (first->first != next_ && !given_up()) return std::nullopt;
  const Reading reading = first->second;
  held_.erase(first);
  next_ = reading.seq + 1;
  return reading;
}

std::optional<RunTime> SampleOrder::complete_until() const {
  if (!anchor_) return std::nullopt;
  const auto ahead = static_cast<std::int64_t>(next_ - anchor_->seq);
  return anchor_->due + ahead * every_;
}

}  // namespace blackstart
