#pragma once

// A run as a state machine: what to do now, given what has happened. Decides everything and does
// nothing, so that the runner only waits and obeys, and a test plays a ten-hour outage in
// milliseconds.
//
//   preparing ──start()──▶ baseline ──▶ timeline ──▶ watching ──▶ ended
//                              └─ not normal ──────────────────────▶ ┘
//
// Baseline: from start() for `watch.baseline`, then until the samples that were due in it have
// been judged (each by its probe's timeout; a second more for the loop). Each probe must show
// its share of ok samples and none wrong; a probe of which nothing came is not normal. With
// `baseline: 0s` nothing is asked and the timeline's zero is the instant of start().
//
// Timeline: the state that is due is asked for as a whole. A runner that is late is asked for
// the present: pulses that are over are skipped. But an entry that was never in force yet is
// never skipped, however late it is: its first stretch is still switched on.
//
// Watching: from the last lift. The run ends when the timeline is over (notes too), `hold` has
// passed since the last lift, and every probe is settled: it is normal, and has been for `hold`
// since the lift. Probes that never left are held to the same. At the latest it ends at `limit`
// after the last lift.
//
// Guards: `failing_for` counts an unbroken run of samples that are not ok, due since the first
// fault, each speaking for one interval. It acts until the last lift: after it there is nothing
// left to protect from, and how long the service stays down is what is being measured.
// `max_duration` is counted from the first fault and acts until the end of the run.
//
// Confirmation: some entries may lock out the person who could stop them. The first time that one
// of them is in force, a person must confirm within limits::confirm_within that they are still
// there; otherwise it is as if a guard had tripped. Where it lifts before that, the question is
// withdrawn and asked again the next time; once confirmed, it is never asked again.
//
// Whatever ends the run early lifts first: a SwitchTo nothing, then Finish.
//
// The order of calls: after every input call advance() and obey what it returns, in order; wait
// until next_deadline() at most, then call it again. After a SwitchTo, no other one and no
// Finish comes before on_switched() or fail(). Not thread-safe. Times never go backwards.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/scenario.h"
#include "blackstart/time.h"
#include "core/recovery.h"
#include "core/timeline.h"

namespace blackstart {

// Make exactly these entries be in force (Enforcer::switch_to), then call on_switched() with its
// two instants, and write one FaultEdge for each change, in this order (lifts come first).
struct SwitchTo {
  struct Change {
    std::uint32_t entry = 0;
    bool on = false;
    RunTime due;
  };
  std::vector<std::uint32_t> in_force;  // in the order in which they started
  std::vector<Change> changes;
};

// A `note:` of the timeline is due: write a NoteEvent.
struct SayNote {
  std::uint32_t entry = 0;
  std::string text;
};

// Write a PhaseEvent.
struct EnterPhase {
  RunPhase phase = RunPhase::preparing;
};

// A fault is in force that needs a person's confirmation until then; nullopt: not any more.
struct AskToConfirm {
  std::optional<RunTime> until;
};

// Write a GuardEvent; the lift and the end follow by themselves.
struct TripGuard {
  std::string text;  // "balance failed for 30s"
};

// The run is over: stop the probes, release everything, write the EndEvent. The last action.
struct Finish {
  EndEvent::Why why = EndEvent::Why::finished;
  int signal = 0;
  std::string text;  // for a person; empty where all went as planned
};

using Action = std::variant<SwitchTo, SayNote, EnterPhase, AskToConfirm, TripGuard, Finish>;

class Conductor {
 public:
  // Copies what it needs of the scenario.
  explicit Conductor(const Scenario& scenario);

  // Everything is prepared and the probes start now.
  void start(RunTime now);

  // Before start(): these entries need a confirmation, besides those named before.
  void ask_to_confirm(const std::vector<std::uint32_t>& entries);

  // In the order in which samples finish. Samples of before start() or of an unknown probe are
  // ignored.
  void on_sample(const ProbeSample& sample);

  // The SwitchTo was carried out: asked just before the request, acknowledged at `at`.
  void on_switched(RunTime asked, RunTime at);

  // A person is still there. Harmless where nobody was asked.
  void confirm();
  bool awaits_confirmation() const { return confirm_until_.has_value(); }

  // A signal or a person. The first reason to end a run stays its reason.
  void interrupt(int signal);

  // Something failed that a run cannot go on without. If it was a SwitchTo that failed, it is
  // not outstanding any more; a lift that failed is not asked for again (release() lifts too).
  void fail(std::string text);

  // What is to be done now. `now` must not be before any earlier one.
  std::vector<Action> advance(RunTime now);

  // When advance() must be called at the latest; nullopt: only after an input.
  std::optional<RunTime> next_deadline() const;

  // For the live view.
  RunPhase phase() const { return phase_; }
  const Timeline& timeline() const { return timeline_; }
  std::optional<RunTime> timeline_zero() const { return zero_; }
  const std::vector<std::uint32_t>& in_force() const { return in_force_; }  // acknowledged
  std::optional<RunTime> first_on() const { return first_on_; }
  std::optional<RunTime> last_lift() const { return last_lift_; }  // nullopt while any is on
  const RecoveryTracker& tracker(std::size_t probe) const { return probes_.at(probe).tracker; }

 private:
  struct Probe {
    std::string name;
    double normal = 0.0;
    RecoveryTracker tracker;
    std::string last_reason;  // of the latest that was not ok
  };
  struct Ending {
    EndEvent::Why why = EndEvent::Why::finished;
    int signal = 0;
    std::string text;
  };
  using Actions = std::vector<Action>;

  void end(EndEvent::Why why, std::string text, int signal = 0);
  void enter(RunPhase phase, Actions& out);
  void judge_baseline(RunTime now, Actions& out);
  RunTime baseline_end() const;
  bool baseline_complete() const;
  std::string not_normal() const;
  void follow_timeline(RunTime now, Actions& out);
  void say_notes(Duration until, Actions& out);
  Duration instant_to_show(Duration now) const;
  void show(Duration at, Actions& out);
  void switch_to(std::vector<std::uint32_t> entries, std::vector<SwitchTo::Change> changes,
                 Actions& out);
  void watch(RunTime now, Actions& out);
  void check_guards(RunTime now, Actions& out);
  void check_confirmation(RunTime now, Actions& out);
  void trip(std::string text, Actions& out);
  void lift_and_finish(RunTime now, Actions& out);
  std::vector<RunTime> deadlines() const;

  Scenario scenario_;
  Timeline timeline_;
  std::vector<Probe> probes_;
  Duration longest_timeout_{};

  RunPhase phase_ = RunPhase::preparing;
  RunTime now_;
  std::optional<RunTime> started_, zero_, first_on_, last_lift_;
  std::optional<Duration> next_change_, next_note_;  // after those asked for and said
  std::vector<std::uint32_t> in_force_, asked_for_;
  std::vector<bool> was_on_;  // by entry
  std::vector<std::uint32_t> to_confirm_;
  std::optional<RunTime> confirm_until_, asked_until_;
  bool switching_ = false;
  bool lift_failed_ = false;
  std::optional<Ending> ending_;
};

}  // namespace blackstart
