#pragma once

// What a kind of toxic implements: when the first of what it holds goes on, and what becomes of
// it. The link keeps the queue and does as it is told.

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "blackstart/random.h"
#include "blackstart/time.h"
#include "toxic/chunk.h"
#include "toxic/toxic.h"

namespace blackstart::toxic {

inline constexpr RunTime kNever{Duration::max()};  // unless a change lets it go
inline constexpr std::size_t kWhole = std::numeric_limits<std::size_t>::max();

// For the first chunk that a stage holds, or for the end of the stream.
struct Plan {
  enum class Act : std::uint8_t {
    pass,
    drop,
    end,    // pass it, and after it nothing more: the stream ends here
    reset,  // drop all that the link holds, and reset the connection
  };

  RunTime at;                 // at once if that has passed
  std::size_t size = kWhole;  // of the chunk; what remains is planned when this has left
  Act act = Act::pass;

  void let_go(RunTime now) { at = now, size = kWhole; }
};

// One toxic on one direction of one connection.
class Stage {
 public:
  virtual ~Stage() = default;

  // It has come to a connection that was opened then.
  virtual void begin(RunTime /*opened*/, RunTime /*now*/) {}

  // Whether it takes one more chunk; the link bounds how many it may hold at all.
  virtual bool has_room(const ChunkQueue& held) const { return held.empty(); }

  // Asked once for every piece. `from`: when its chunk has arrived and all before it has left.
  virtual Plan plan(ChunkQueue& held, RunTime from, Rng& dice) = 0;
  virtual Plan plan_end(RunTime from) { return {from, kWhole, Plan::Act::end}; }

  // When it ends the stream by itself, whatever it holds.
  virtual RunTime ends_at() const { return kNever; }

  // `waiting`: the plan in hand, if any, for it to revise.
  virtual void update(const Values& values, Plan* waiting, RunTime now) = 0;
};

template <class Kind>
std::unique_ptr<Stage> make_stage(const Values& values) {
  return std::make_unique<Kind>(values);
}

// A century stands for all that is longer, nothing for what is negative: sums cannot overflow.
template <class Unit>
Duration clamped(std::int64_t value) {
  constexpr Unit kCentury = std::chrono::years{100};
  return std::clamp(Unit{value}, Unit{0}, kCentury);
}
inline Duration clamped_ms(std::int64_t value) { return clamped<std::chrono::milliseconds>(value); }

}  // namespace blackstart::toxic
