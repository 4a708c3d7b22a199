#include "core/normal_window.h"

#include <algorithm>

namespace blackstart {

NormalWindow::NormalWindow(Duration every, Probability normal)
    : width_{std::max(Duration{std::chrono::seconds{1}}, 5 * every)}, normal_{normal.fraction()} {}

void NormalWindow::add(const Reading& reading) {
  while (!readings_.empty() && readings_.front().due <= reading.due - width_) {
    ok_ -= readings_.front().ok() ? 1U : 0U;
    wrong_ -= readings_.front().outcome == Outcome::wrong ? 1U : 0U;
    readings_.pop_front();
  }
  readings_.push_back(reading);
  ok_ += reading.ok() ? 1U : 0U;
  wrong_ += reading.outcome == Outcome::wrong ? 1U : 0U;
}

bool NormalWindow::normal() const {
  if (readings_.empty() || wrong_ > 0) return false;
  return static_cast<double>(ok_) >= normal_ * static_cast<double>(readings_.size());
}

RunTime NormalWindow::first_good() const {
  const auto found = std::ranges::find_if(readings_, &Reading::ok);
  return found == readings_.end() ? readings_.front().due : found->due;
}

std::optional<RunTime> NormalWindow::first_unaided(RunTime from) const {
  for (const Reading& reading : readings_) {
    if (reading.due > from && reading.ok() && !reading.across_lift) return reading.due;
  }
  return std::nullopt;
}

}  // namespace blackstart
