#pragma once

// From the samples of one probe to "how long until it was well again?". The figures are defined
// in docs/recovery.md; this page says how each is read, to the sample.
//
// F0 is the acknowledgement of the first fault; L that of the lift after which none is in force
// any more. While faults still come, each such lift is L until the next fault begins: then all
// that was concluded from it is forgotten, and the samples since count as of "during".
//
// Samples count at the instant they were due, in that order, however long they took. One sample
// speaks for the interval [due, due + every). Two sorts straddle an edge, and their outcome is
// the work of both sides of it, so they are no witnesses for the side on which they were due:
//   · due before F0, done after the fault was asked for: not part of the baseline, which would
//     otherwise be worsened by the very fault that it is the measure of;
//   · due before L, done after it, and ok: no evidence of a mitigation, since it was perhaps the
//     lift that let it through.
//
// Normal. The state at t is that of the window (t − w, t] with w = max(1 s, 5 × every), looked
// at whenever a sample is due; in between it is what it was. A return is seen only when the
// window has forgotten the failures, but it began earlier: a *stretch* of being normal starts at
// the due time of the first ok sample of the window that showed it. All figures use that start.
// So a wider window makes us surer and never makes a number larger.
//
//   first impact    the first sample due at F0 or later that is not ok
//   mitigated       the start, before L, of the stretch that lasts until L and for `hold` at
//                   least, shown by a sample that no lift let through. Where the state never left
//                   normal: the first ok sample after the first impact. A return that does not
//                   last until L is no mitigation, however long it was
//   first good      the first ok sample due at L or later, when one before it was not ok
//   recovered       max(L, start) of the first stretch that lasts `hold` counted from there; so
//                   0 for a probe that was normal at L and for `hold` after it
//   back to speed   the first ok sample of that stretch (or of a later one) from which on p95 of
//                   the ok samples of one `hold` is ≤ 1.25 × baseline p95 + 1 ms: speed is asked
//                   of a service that answers, so never earlier than recovered. Never, where
//                   there is no baseline
//   relapses        how often the state left normal after it had been recovered
//   downtime        the sum of the intervals of all samples due from F0 to the end that are not
//                   ok; the last is cut off at the end
//   left normal     the state was not normal at some sample due at F0 or later
//   amplification   (max(L, start) − F0) / (L − F0); none where the state never left normal
//   uncertainty     one interval and the wider of the two edges F0 and L
//
// Memory: the window (at most 100 samples), the samples held back for order, one `hold` for the
// speed, and four histograms. None of it grows with the run.

#include <cstdint>
#include <deque>
#include <optional>

#include "blackstart/probe.h"
#include "blackstart/report.h"
#include "blackstart/scenario.h"
#include "blackstart/time.h"
#include "core/histogram.h"
#include "core/normal_window.h"
#include "core/sample_order.h"
#include "core/speed_watch.h"

namespace blackstart {

struct RecoveryRules {
  Duration every{}, timeout{}, hold{};
  Probability normal = Objective{}.normal;
};

RecoveryRules recovery_rules(const Scenario& scenario, std::size_t probe);

// Samples of before the first fault, as far as they have been judged.
struct Baseline {
  std::uint64_t samples = 0, ok = 0, wrong = 0;

  // nullopt: no sample.
  std::optional<double> ok_share() const {
    if (samples == 0) return std::nullopt;
    return static_cast<double>(ok) / static_cast<double>(samples);
  }
};

struct RecoveryFigures {
  Baseline baseline;
  LatencySummary before, during, after;             // of ok samples, by when they were due
  std::optional<Duration> first_impact, mitigated;  // from F0
  std::optional<Duration> first_good, recovered, back_to_speed;  // from L
  std::uint64_t relapses = 0;
  Duration downtime{};
  std::optional<double> amplification;
  Duration uncertainty{};
  bool first_fault = false;  // there was one
  bool left_normal = false;
  // Normal at the last sample, and for `hold` since L: whatever the figures say, it is back.
  bool settled = false;
};

// One probe, online and from a journal alike: the same calls in the same order give the same
// figures to the last bit. Copyable, not thread-safe.
class RecoveryTracker {
 public:
  explicit RecoveryTracker(const RecoveryRules& rules);

  // Faults came into force where there were none, or the last one was lifted; to be told before
  // any sample that is due later.
  void on_faults(bool in_force, RunTime asked, RunTime at);
  void on_sample(const ProbeSample& sample);

  // No more will come, `ended` is the end of the run: what is held back is judged too.
  void finish(RunTime ended);

  RecoveryFigures figures() const;

  // As far as samples have been judged in order.
  const Baseline& baseline() const { return baseline_; }
  bool normal() const { return normal_; }
  bool settled() const { return recovered_.has_value() && back_; }
  std::optional<RunTime> judged_until() const { return order_.complete_until(); }

  // How long the samples due since the first fault have been not ok without a break, up to the
  // latest judged; zero when that was ok.
  Duration failing_for() const;

  // Readings, edges and counters that are kept, for tests of the memory that this takes.
  std::size_t kept() const;

 private:
  struct Change {
    bool in_force;
    RunTime asked, at;
  };
  void apply(const Change& change);
  void judge(Reading reading);
  void count(const Reading& reading);
  void count_impact(const Reading& reading);
  void move_state(const Reading& reading);
  void leave_normal(RunTime at);
  void look_for_mitigation();
  void look_for_return(RunTime due);
  bool mitigated_by(RunTime until) const;
  Duration downtime() const;
  void add_figures_of_lift(RecoveryFigures& out) const;
  bool before_faults(const Reading& reading) const;

  RecoveryRules rules_;
  SampleOrder order_;
  NormalWindow window_;
  SpeedWatch speed_;
  std::deque<Change> changes_;  // known, but later than the samples that were judged

  std::optional<Change> first_on_, last_lift_;  // last_lift_: unset while any is in force
  RunTime judged_;                              // due time of the latest judged
  bool any_judged_ = false;

  bool normal_ = false;
  RunTime stretch_from_;  // while normal_
  Baseline baseline_;
  Histogram before_, during_, after_;

  std::optional<RunTime> first_impact_, failing_since_;
  bool left_normal_ = false;
  std::optional<RunTime> mitigation_;  // begun and not broken so far
  std::optional<RunTime> mitigated_, first_good_, recovered_;
  bool back_ = false;
  std::uint64_t relapses_ = 0;
  Duration downtime_{};
  std::optional<RunTime> last_down_, ended_;
};

}  // namespace blackstart
