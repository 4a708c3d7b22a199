#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class Latency final : public Stage {
 public:
  explicit Latency(const Values& values)
      : latency_{std::clamp(values[0], -kMost, kMost)},
        jitter_{std::clamp<>(values[1], {}, kMost)} {}

  // What it holds delays nobody else.
  bool has_room(const ChunkQueue& /*held*/) const override { return true; }

  // Counted from the arrival: the time spent behind others is part of the delay.
  Plan plan(ChunkQueue& held, RunTime /*from*/, Rng& dice) override {
    std::int64_t delay = latency_;
    if (jitter_ > 0) {
      delay += static_cast<std::int64_t>(dice.next() % static_cast<std::uint64_t>(2 * jitter_));
      delay -= jitter_;
    }
    return {held.front().at + clamped_ms(delay)};
  }

  void update(const Values& values, Plan* waiting, RunTime now) override {
    *this = Latency{values};
    if (waiting != nullptr) waiting->let_go(now);
  }

 private:
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;

  std::int64_t latency_, jitter_;  // milliseconds
};

constexpr std::array kAttributes{
    Attribute{"latency", "delay of every piece of data, in milliseconds"},
    Attribute{"jitter", "the delay varies by up to so many milliseconds either way"},
};

}  // namespace

extern const Kind latency_kind{"latency", "delays data, keeping its order and its pace",
                               kAttributes, false, make_stage<Latency>};

}  // namespace blackstart::toxic
