#pragma once

// The timeline of a scenario as a question: what is in force at this instant?
//
// Nothing is unrolled. A pulse of 10 ms in a timeline of ten hours is two numbers here, and the
// state at any instant is computed from them, so looking far ahead costs what looking near does,
// and a runner that was late asks for the present instead of replaying the past.
//
// All instants are real time from the timeline's zero: scenario time divided by the speed, each
// instant from its own scenario time, so that nothing drifts. An entry is in force from its
// start (included) to its end (excluded), and for at least a nanosecond however high the speed.

#include <cstdint>
#include <optional>
#include <vector>

#include "blackstart/scenario.h"
#include "blackstart/time.h"

namespace blackstart {

class Timeline {
 public:
  explicit Timeline(const Scenario& scenario);

  // Entries in force at `at`, in the order in which they went on: the last one started last.
  // Entries that went on at the same instant stand in the scenario's order.
  std::vector<std::uint32_t> in_force(Duration at) const;

  // Whether an entry is in force at `at`, since when it has been as it is (nullopt: from the
  // beginning), and when that changes (nullopt: never again).
  struct State {
    bool on = false;
    std::optional<Duration> since, until;
  };
  State state(std::uint32_t entry, Duration at) const;

  // The first instant after `after` at which any entry goes on or off; nullopt: none does.
  std::optional<Duration> next_change(Duration after) const;
  // The same for notes; for the notes themselves, in the scenario's order.
  std::optional<Duration> next_note(Duration after) const;
  std::vector<std::uint32_t> notes_at(Duration at) const;

  // When an entry is in force for the first time and when it is for the last, pulses included;
  // a note begins and ends at its instant.
  struct Extent {
    Duration from{}, to{};
  };
  Extent extent(std::uint32_t entry) const;

  // The end of everything: the latest extent.
  Duration length() const { return length_; }

  // Scenario time in real time at this scenario's speed, to the nearest nanosecond.
  Duration real(Duration scenario_time) const;

 private:
  struct Span {
    bool note = false;
    Duration at{}, to{};      // scenario time
    Duration on{}, period{};  // of a pulse; period zero: none
  };
  // The n-th time that a span is in force; its `to` is not after the span's end.
  struct Stretch {
    Duration from{}, to{};
  };
  Stretch stretch(const Span& span, std::int64_t n) const;
  std::int64_t stretches(const Span& span) const;

  double speed_;
  std::vector<Span> spans_;  // one an entry
  Duration length_{};
};

}  // namespace blackstart
