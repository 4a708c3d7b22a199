#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class LimitTime final : public Stage {
 public:
  explicit LimitTime(const Values& values) : time_{clamped_ms(values[0])} {}

  void begin(RunTime /*opened*/, RunTime now) override { began_ = now; }

  Plan plan(ChunkQueue& /*held*/, RunTime from, Rng& /*dice*/) override { return {from}; }

  RunTime ends_at() const override { return began_ + time_; }

  void update(const Values& values, Plan* /*waiting*/, RunTime /*now*/) override {
    time_ = clamped_ms(values[0]);
  }

 private:
  Duration time_;
  RunTime began_;
};

constexpr std::array kAttributes{
    Attribute{"time", "milliseconds from the connection's begin, or the toxic's if that is later"},
};

}  // namespace

extern const Kind limit_time_kind{"limit_time", "closes the connection after some time",
                                  kAttributes, true, make_stage<LimitTime>};

}  // namespace blackstart::toxic
