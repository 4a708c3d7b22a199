#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class SlowOpen final : public Stage {
 public:
  explicit SlowOpen(const Values& values) : delay_{clamped_ms(values[0])} {}

  void begin(RunTime opened, RunTime /*now*/) override { opened_ = opened; }

  Plan plan(ChunkQueue& /*held*/, RunTime /*from*/, Rng& /*dice*/) override {
    return {opened_ + delay_};
  }

  Plan plan_end(RunTime /*from*/) override { return {opened_ + delay_, kWhole, Plan::Act::end}; }

  void update(const Values& values, Plan* waiting, RunTime /*now*/) override {
    delay_ = clamped_ms(values[0]);
    if (waiting != nullptr) waiting->at = opened_ + delay_;
  }

 private:
  Duration delay_;
  RunTime opened_;
};

constexpr std::array kAttributes{
    Attribute{"delay", "milliseconds from the connection's begin in which nothing passes"},
};

}  // namespace

extern const Kind slow_open_kind{"slow_open", "holds the first data of a connection", kAttributes,
                                 true, make_stage<SlowOpen>};

}  // namespace blackstart::toxic
