#pragma once

// Samples finish in any order; recovery is read in the order in which they were due.

#include <cstdint>
#include <map>
#include <optional>

#include "blackstart/probe.h"
#include "blackstart/time.h"

namespace blackstart {

// What recovery needs of a sample.
struct Reading {
  std::uint64_t seq = 0;
  RunTime due, sent, done;
  Outcome outcome = Outcome::failed;
  bool across_lift = false;  // due while a fault was in force, done after its lift

  bool ok() const { return outcome == Outcome::ok; }
  Duration latency() const { return done - due; }  // from due: a sample that waited counts it
};

// Hands readings out by `seq`, holding back those that came before an earlier one did. A reading
// that never comes (a journal with a torn line in its middle) is given up as soon as one that
// was sent after it finished more than a timeout and a second after its own sending, or when as
// many are held back as a probe can have under way. Both are read off the readings themselves,
// so that a journal gives the same order again. A reading that comes after it was given up, or
// twice, is dropped.
class SampleOrder {
 public:
  SampleOrder(Duration every, Duration timeout);

  void add(const Reading& reading);
  // No more will come: what is held back is next.
  void close() { closed_ = true; }

  // The next in order; nullopt where an earlier one is still missing.
  std::optional<Reading> take();

  // Every reading that was due before this has been taken; nullopt before the first came.
  std::optional<RunTime> complete_until() const;

  std::size_t held() const { return held_.size(); }
  std::size_t held_max() const { return held_max_; }

 private:
  bool given_up() const;

  Duration every_, timeout_;
  std::size_t held_max_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Reading> held_;
  std::optional<Reading> anchor_;  // any reading: the schedule follows from one
  RunTime latest_done_;
  bool closed_ = false;
};

}  // namespace blackstart
