#pragma once

// What becomes of each packet on a faulty link, and when: decided on the caller's time, from a
// seed, so that the same packets at the same instants always meet the same fate.

#include <cstddef>
#include <cstdint>

#include "blackstart/random.h"
#include "blackstart/time.h"
#include "core/impairment.h"

namespace blackstart {

struct Fate {
  enum class Kind : std::uint8_t {
    passes,
    lost,        // by the fault's loss
    overflowed,  // the link is slow and its queue is full
  };

  Kind kind = Kind::passes;
  RunTime due;             // when it is to leave; never before it came
  bool reordered = false;  // spared the delay
  bool duplicate = false;  // a second one leaves with it
  bool corrupt = false;    // with the bit that `luck` picks flipped
  std::uint64_t luck = 0;
};

// One direction of one link. A packet is first lost or not; then it waits for the link (its
// length at `rate`, after those before it), then for the delay. Reordered packets wait for the
// link only. Jitter may let packets overtake each other, as in netem.
//
// Each concern draws from a stream of its own and draws for every packet, so that a change of
// one value leaves the luck of the others alone.
class PacketFates {
 public:
  PacketFates(const Impairment& impairment, std::uint64_t seed);

  // For packets to come. What is under way keeps its instant, and so may be overtaken.
  void change(const Impairment& impairment);
  const Impairment& impairment() const { return impairment_; }

  // `bytes`: its length on the link. `now` must not go backwards.
  Fate decide(RunTime now, std::size_t bytes);

  // How many bytes may wait for a link of that rate: what it carries in 250 ms, and 128 KiB at
  // least, which is two of the longest packets.
  static std::size_t queue_bytes(Bandwidth rate);

 private:
  bool lost();
  bool cross_link(RunTime now, std::size_t bytes);

  Impairment impairment_;
  BurstModel bursts_;
  bool bad_ = false;           // state of the burst model
  RunTime free_;               // when the link has carried all that was given to it
  std::uint64_t unspent_ = 0;  // what that rounds off, as nanoseconds × bits per second
  Rng loss_luck_, order_luck_, copy_luck_, bit_luck_, delay_luck_;
};

}  // namespace blackstart
