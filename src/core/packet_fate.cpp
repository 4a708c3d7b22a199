#include "core/packet_fate.h"

#include <algorithm>

namespace blackstart {
namespace {

constexpr std::uint64_t kNanoBits = 8'000'000'000;  // a byte, in nanoseconds × bits per second

// A mean burst of one says that each loss is on its own, and so may follow another by chance.
BurstModel model_of(const Impairment& impairment) {
  if (impairment.burst > 1.0) return burst_model(impairment.loss, impairment.burst);
  return {.to_bad = impairment.loss, .to_good = 1.0 - impairment.loss};
}

}  // namespace

PacketFates::PacketFates(const Impairment& impairment, std::uint64_t seed)
    : loss_luck_{0}, order_luck_{0}, copy_luck_{0}, bit_luck_{0}, delay_luck_{0} {
  Rng seeds{seed};
  for (Rng* stream : {&loss_luck_, &order_luck_, &copy_luck_, &bit_luck_, &delay_luck_}) {
    *stream = Rng{seeds.next()};
  }
  change(impairment);
  distribution_table(impairment.distribution);  // made at first use, which takes a while
  bad_ = loss_luck_.fraction() < impairment.loss;
}

void PacketFates::change(const Impairment& impairment) {
  impairment_ = impairment;
  bursts_ = model_of(impairment);
}

std::size_t PacketFates::queue_bytes(Bandwidth rate) {
  return std::max<std::size_t>(128 << 10, rate.bits_per_second / 8 / 4);
}

bool PacketFates::lost() {
  bad_ = loss_luck_.fraction() < (bad_ ? 1.0 - bursts_.to_good : bursts_.to_bad);
  return bad_;
}

// False where its queue is full.
bool PacketFates::cross_link(RunTime now, std::size_t bytes) {
  free_ = std::max(free_, now);
  if (!impairment_.rate) return true;
  const std::uint64_t rate = std::max<std::uint64_t>(impairment_.rate->bits_per_second, 1);
  const Duration wait = free_ - now;
  const double waiting = seconds_of(wait) * static_cast<double>(rate) / 8.0;
  const auto most = static_cast<double>(queue_bytes({rate}));
  if (waiting + static_cast<double>(bytes) > most) return false;
  const std::uint64_t work = bytes * kNanoBits + unspent_;
  free_ = free_ + Duration{static_cast<std::int64_t>(work / rate)};
  unspent_ = work % rate;
  return true;
}

Fate PacketFates::decide(RunTime now, std::size_t bytes) {
  Fate fate{.kind = Fate::Kind::passes,
            .due = now,
            .reordered = order_luck_.fraction() < impairment_.reorder,
            .duplicate = copy_luck_.fraction() < impairment_.duplicate,
            .corrupt = bit_luck_.fraction() < impairment_.corrupt,
            .luck = bit_luck_.next()};
  const Duration held = draw_delay(impairment_, delay_luck_);
  if (lost()) {
    fate.kind = Fate::Kind::lost;
  } else if (!cross_link(now, fate.duplicate ? 2 * bytes : bytes)) {
    fate.kind = Fate::Kind::overflowed;
  } else {
    fate.due = fate.reordered ? free_ : free_ + held;
  }
  return fate;
}

}  // namespace blackstart
