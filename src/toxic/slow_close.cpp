#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class SlowClose final : public Stage {
 public:
  explicit SlowClose(const Values& values) : delay_{clamped_ms(values[0])} {}

  Plan plan(ChunkQueue& /*held*/, RunTime from, Rng& /*dice*/) override { return {from}; }

  Plan plan_end(RunTime from) override { return {from + delay_, kWhole, Plan::Act::end}; }

  void update(const Values& values, Plan* waiting, RunTime now) override {
    *this = SlowClose{values};
    if (waiting != nullptr && waiting->act == Plan::Act::end) *waiting = plan_end(now);
  }

 private:
  Duration delay_;
};

constexpr std::array kAttributes{
    Attribute{"delay", "milliseconds between the last byte and the close"},
};

}  // namespace

extern const Kind slow_close_kind{"slow_close", "puts off the close of a connection", kAttributes,
                                  false, make_stage<SlowClose>};

}  // namespace blackstart::toxic
