#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class LimitData final : public Stage {
 public:
  explicit LimitData(const Values& values) : limit_{limit_of(values)} {}

  Plan plan(ChunkQueue& held, RunTime from, Rng& /*dice*/) override {
    const std::size_t size = held.front().size();
    const std::size_t left = limit_ - std::min(limit_, passed_);
    passed_ += std::min(size, left);
    if (size < left) return {from};
    return {from, left, Plan::Act::end};
  }

  void update(const Values& values, Plan* /*waiting*/, RunTime /*now*/) override {
    limit_ = limit_of(values);
  }

 private:
  static std::size_t limit_of(const Values& values) {
    return static_cast<std::size_t>(std::max<std::int64_t>(values[0], 0));
  }

  std::size_t limit_, passed_ = 0;  // bytes
};

constexpr std::array kAttributes{
    Attribute{"bytes", "that pass before the connection is closed"},
};

}  // namespace

extern const Kind limit_data_kind{"limit_data", "closes the connection after so much data",
                                  kAttributes, false, make_stage<LimitData>};

}  // namespace blackstart::toxic
