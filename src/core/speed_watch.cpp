#include "core/speed_watch.h"

namespace blackstart {

void SpeedWatch::restart(RunTime from, Duration bound) {
  *this = SpeedWatch{hold_};
  from_ = from;
  bound_ = bound;
}

void SpeedWatch::drop_front() {
  ok_ -= readings_.front().ok ? 1U : 0U;
  fast_ -= readings_.front().fast ? 1U : 0U;
  readings_.pop_front();
}

void SpeedWatch::skip_to(RunTime from) {
  while (!readings_.empty() && readings_.front().due < from) drop_front();
}

bool SpeedWatch::fast_enough() const {
  const std::size_t rank = (ok_ * 95 + 99) / 100;
  return fast_ >= rank;
}

void SpeedWatch::add(const Reading& reading, bool normal, Duration window) {
  if (found_ || reading.due < from_) return;
  if (!normal) skip_to(reading.due - window);
  while (normal && !readings_.empty()) {
    const Timed& first = readings_.front();
    if (first.fast && reading.due < first.due + hold_) break;
    if (first.fast && fast_enough()) {
      found_ = first.due;
      return;
    }
    drop_front();
  }
  const bool fast = reading.ok() && reading.latency() <= bound_;
  readings_.push_back({reading.due, reading.ok(), fast});
  ok_ += reading.ok() ? 1U : 0U;
  fast_ += fast ? 1U : 0U;
  // With no time to hold, the sample is its own proof.
  if (normal && fast && hold_ == Duration::zero()) found_ = reading.due;
}

}  // namespace blackstart
