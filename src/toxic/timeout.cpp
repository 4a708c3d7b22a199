#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class Timeout final : public Stage {
 public:
  explicit Timeout(const Values& values) : timeout_{clamped_ms(values[0])} {}

  void begin(RunTime /*opened*/, RunTime now) override { last_ = now; }

  Plan plan(ChunkQueue& /*held*/, RunTime from, Rng& /*dice*/) override {
    last_ = from;
    return {from, kWhole, Plan::Act::drop};
  }

  RunTime ends_at() const override { return timeout_ > Duration{} ? last_ + timeout_ : kNever; }

  void update(const Values& values, Plan* /*waiting*/, RunTime now) override {
    timeout_ = clamped_ms(values[0]);
    last_ = now;
  }

 private:
  Duration timeout_;
  RunTime last_;  // when something happened
};

constexpr std::array kAttributes{
    Attribute{"timeout", "milliseconds of silence after which the connection is closed; 0: never"},
};

}  // namespace

extern const Kind timeout_kind{
    "timeout",           "drops all data and closes the connection after a silence",
    kAttributes,         false,
    make_stage<Timeout>, Removal::closes_all};

}  // namespace blackstart::toxic
