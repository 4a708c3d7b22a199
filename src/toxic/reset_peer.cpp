#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class ResetPeer final : public Stage {
 public:
  explicit ResetPeer(const Values& values) : timeout_{clamped_ms(values[0])} {}

  Plan plan(ChunkQueue& /*held*/, RunTime from, Rng& /*dice*/) override { return plan_end(from); }

  Plan plan_end(RunTime from) override { return {from + timeout_, kWhole, Plan::Act::reset}; }

  void update(const Values& values, Plan* waiting, RunTime now) override {
    *this = ResetPeer{values};
    if (waiting != nullptr) *waiting = plan_end(now);
  }

 private:
  Duration timeout_;
};

constexpr std::array kAttributes{
    Attribute{"timeout", "milliseconds between the first data or close and the reset"},
};

}  // namespace

extern const Kind reset_peer_kind{"reset_peer", "resets the connection (TCP RST)", kAttributes,
                                  false, make_stage<ResetPeer>};

}  // namespace blackstart::toxic
