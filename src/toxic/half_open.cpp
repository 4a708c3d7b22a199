#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

// The end is held, not dropped: a connection that is spared from now on has to end.
class HalfOpen final : public Stage {
 public:
  Plan plan(ChunkQueue& /*held*/, RunTime from, Rng& /*dice*/) override {
    return {from, kWhole, Plan::Act::drop};
  }

  Plan plan_end(RunTime /*from*/) override { return {kNever, kWhole, Plan::Act::end}; }

  void update(const Values& /*values*/, Plan* /*waiting*/, RunTime /*now*/) override {}
};

}  // namespace

extern const Kind half_open_kind{
    "half_open",
    "swallows data and close: the connection stays open and silent",
    {},
    true,
    [](const Values&) -> std::unique_ptr<Stage> { return std::make_unique<HalfOpen>(); },
    Removal::closes_acting};

}  // namespace blackstart::toxic
