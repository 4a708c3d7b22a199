#pragma once

// Delay, loss, rate and the rest of an Impairment for kernels without netem: a thread that holds
// the packets which QueueTo rules hand to it, one class a queue number.
//
// What it cannot do as netem does:
//   - A packet that a local socket sends and that waits here counts against that socket, which
//     slows it down. So put the rule where packets come in (prerouting), for both directions.
//   - With neither rate, duplicate nor corrupt the stack's big packets (GSO, up to 64 KiB) are
//     held, lost and counted as one.
//   - A duplicate is sent by a raw socket, once the kernel has passed the original. For a local
//     receiver it comes in by lo; it bears the mark given below, and the rules must let that pass.
//   - A bit is flipped behind the IP header, and the receiver's checksum fails.

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "blackstart/time.h"
#include "core/histogram.h"
#include "core/impairment.h"
#include "sys/fd.h"

namespace blackstart {

// What a class has done so far: asked against measured.
struct ShaperFigures {
  std::uint64_t packets = 0, bytes = 0;  // that came in, by the length of the IP packet
  std::uint64_t lost = 0;                // by the fault's loss
  std::uint64_t overflowed = 0;          // the queue of a slow link was full
  std::uint64_t delayed = 0;             // passed later than they came
  std::uint64_t reordered = 0, duplicated = 0, corrupted = 0;
  std::uint64_t missed = 0;   // passed unharmed, because this thread could not keep up
  Duration asked{}, added{};  // sums over all that passed: what was decided, what was measured
  Duration least{};           // of what was measured
  Histogram spread;           // of what was measured
  Histogram late;             // of how much that was above what was asked
};

// Call it from any thread. The thread runs with real-time priority where that is permitted.
//
// When this object goes, everything held passes at once and nothing is lost, later packets pass
// by the rules' bypass flag. The same when the thread fails; failure() then says why. When the
// process is killed the kernel drops what was held, and later packets pass.
class PacketShaper {
 public:
  // For queues of the calling thread's network namespace, or of `netns`. Duplicates bear
  // `copies_mark`.
  explicit PacketShaper(std::uint32_t copies_mark);
  PacketShaper(std::uint32_t copies_mark, UniqueFd netns);
  ~PacketShaper();
  PacketShaper(const PacketShaper&) = delete;
  PacketShaper& operator=(const PacketShaper&) = delete;

  // Makes a class, or gives it new values: then the packets that it holds keep their instants,
  // and `seed` is not looked at. Does not wait for the thread. A new class is bound when this
  // returns, and only then may rules send packets there; throws std::system_error where it
  // cannot be bound (EBUSY, EPERM: another process has the queue), and std::runtime_error after a
  // failure().
  void set_class(std::uint16_t queue, const Impairment& impairment, std::uint64_t seed);

  std::map<std::uint16_t, ShaperFigures> figures() const;

  // Empty while all is well.
  std::string failure() const;

 private:
  class Worker;
  std::unique_ptr<Worker> worker_;
};

}  // namespace blackstart
