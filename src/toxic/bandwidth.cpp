#include "toxic/limits.h"
#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

// Each piece is held for as long as it would take at that rate, and then passed whole.
class Bandwidth final : public Stage {
 public:
  explicit Bandwidth(const Values& values)
      : rate_{static_cast<std::uint64_t>(std::clamp<std::int64_t>(values[0], 0, kMost))} {}

  // Some milliseconds ahead, so that a late timer leaves no gap behind it.
  bool has_room(const ChunkQueue& held) const override {
    return held.bytes() < std::clamp<std::uint64_t>(rate_ * 5, 2 * limits::toxic_chunk_bytes,
                                                    limits::toxic_ahead_bytes_max);
  }

  Plan plan(ChunkQueue& held, RunTime from, Rng& /*dice*/) override {
    if (rate_ == 0) return {kNever};
    const std::uint64_t size = std::min<std::uint64_t>(held.front().size(), rate_ * 100);
    owed_ += size * 1'000'000;
    const Duration takes{static_cast<std::int64_t>(owed_ / rate_)};
    owed_ %= rate_;
    return {from + takes, size};
  }

  void update(const Values& values, Plan* waiting, RunTime now) override {
    *this = Bandwidth{values};
    if (waiting != nullptr) waiting->let_go(now);
  }

 private:
  static constexpr std::int64_t kMost = 1'000'000'000'000;  // a petabyte a second

  std::uint64_t rate_;      // in 1000 bytes a second
  std::uint64_t owed_ = 0;  // the part of a nanosecond that was rounded away, times the rate
};

constexpr std::array kAttributes{
    Attribute{"rate", "in 1000 bytes per second; at 0 nothing passes"},
};

}  // namespace

extern const Kind bandwidth_kind{"bandwidth", "limits the rate of data", kAttributes, false,
                                 make_stage<Bandwidth>};

}  // namespace blackstart::toxic
