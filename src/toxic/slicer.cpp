#include <vector>

#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

// Cuts a chunk near its middle, and so on with its halves, until they are small enough.
class Slicer final : public Stage {
 public:
  explicit Slicer(const Values& values)
      : average_{std::clamp<std::int64_t>(values[0], 0, kMost)},
        variation_{std::clamp<std::int64_t>(values[1], 0, kMost)},
        pause_{clamped<std::chrono::microseconds>(values[2])} {}

  Plan plan(ChunkQueue& held, RunTime from, Rng& dice) override {
    if (to_come_.empty()) to_come_.push_back(static_cast<std::int64_t>(held.front().size()));
    while (average_ > 0 && to_come_.back() - average_ > variation_ && to_come_.back() > 1) {
      const std::int64_t size = to_come_.back();
      const std::int64_t cut = std::clamp<std::int64_t>(size / 2 + moved_by(dice), 1, size - 1);
      to_come_.back() = size - cut;
      to_come_.push_back(cut);
    }
    const Plan piece{std::max(from, paused_until_), static_cast<std::size_t>(to_come_.back())};
    to_come_.pop_back();
    paused_until_ = piece.at + pause_;
    return piece;
  }

  Plan plan_end(RunTime from) override {
    return {std::max(from, paused_until_), kWhole, Plan::Act::end};
  }

  void update(const Values& values, Plan* waiting, RunTime now) override {
    *this = Slicer{values};
    if (waiting != nullptr) waiting->let_go(now);
  }

 private:
  static constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 4;

  std::int64_t moved_by(Rng& dice) const {
    if (variation_ == 0) return 0;
    return static_cast<std::int64_t>(dice.next() % static_cast<std::uint64_t>(2 * variation_)) -
           variation_;
  }

  std::int64_t average_, variation_;
  Duration pause_;                     // after every piece
  std::vector<std::int64_t> to_come_;  // of the chunk at the front; the next is the last
  RunTime paused_until_;
};

constexpr std::array kAttributes{
    Attribute{"average_size", "bytes of a piece, on average; 0: whole"},
    Attribute{"size_variation", "the size varies by up to so many bytes either way"},
    Attribute{"delay", "microseconds of pause after every piece"},
};

}  // namespace

extern const Kind slicer_kind{"slicer", "cuts data into small pieces", kAttributes, false,
                              make_stage<Slicer>};

}  // namespace blackstart::toxic
