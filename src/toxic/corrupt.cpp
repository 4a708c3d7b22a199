#include <vector>

#include "toxic/stage.h"

namespace blackstart::toxic {
namespace {

class Corrupt final : public Stage {
 public:
  explicit Corrupt(const Values& values) : share_{share_of(values)} {}

  Plan plan(ChunkQueue& held, RunTime from, Rng& dice) override {
    const auto before = held.front().bytes();
    std::vector<std::byte> after{before.begin(), before.end()};
    for (std::byte& byte : after) {
      const std::uint64_t drawn = dice.next();
      if (drawn % kMillion < share_) byte ^= std::byte(1 + drawn / kMillion % 255);
    }
    held.replace_front(Chunk::copy_of(after, held.front().at));
    return {from};
  }

  void update(const Values& values, Plan* /*waiting*/, RunTime /*now*/) override {
    share_ = share_of(values);
  }

 private:
  static constexpr std::int64_t kMillion = 1'000'000;

  static std::uint64_t share_of(const Values& values) {
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(values[0], 0, kMillion));
  }

  std::uint64_t share_;  // per million
};

constexpr std::array kAttributes{
    Attribute{"bytes_per_million", "that are changed into another value, drawn for each byte"},
};

}  // namespace

extern const Kind corrupt_kind{"corrupt", "changes some bytes", kAttributes, true,
                               make_stage<Corrupt>};

}  // namespace blackstart::toxic
