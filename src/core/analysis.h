#pragma once

// The journal's events to the result of the run. Streaming: nothing is kept that grows with the
// run. The same events in the same order give the same report, byte for byte, on any machine;
// the live view, the final report and `report` on an old journal all come from here.
//
// Words. A probe is *lied* when it gave more wrong answers than allowed, whatever else it did.
// Otherwise its word needs the end to have been seen, i.e. that it was normal for `hold` after
// the last lift when the run ended: absorbed (never left normal), slow (missed an objective),
// recovered. A run that came to its own end without that is *stuck* (also when it had come back
// and left again); one that was ended early leaves it unjudged. A probe without an objective is
// held to the defaults and does not count.
//
// The run, strongest first:
//   exit 9          something of ours could not be removed; the verdict is as below
//   stopped         1 an error, 130/143 a signal, 7 a guard. A journal without an end is that of
//                   a run that was killed: stopped, interrupted, 130
//   not started     4 not normal before, or the stack never got ready
//   invalid         6 a control probe moved (left normal, or gave a wrong answer, from the first
//                   fault on), or a fault that need not miss hit nothing or never came into force
//   missed          5 a judged probe lied, is stuck, or missed an objective
//   held            0
//
// Objectives: recover_within is met by a probe that is back and stayed. mitigate_within is also
// met by one that never left normal (0) or that was normal again within the limit because the
// faults were over sooner. max_amplification reads a probe that never left normal as 1. A judged
// probe that is stuck and has no recover_within misses `limit`.

#include <memory>

#include "blackstart/journal.h"
#include "blackstart/report.h"
#include "blackstart/scenario.h"

namespace blackstart {

class Analysis {
 public:
  explicit Analysis(Scenario scenario);
  ~Analysis();
  Analysis(Analysis&&) noexcept;
  Analysis& operator=(Analysis&&) noexcept;

  // In the journal's order. Events of an entry or a probe that the scenario does not have are
  // ignored.
  void add(const RunEvent& event);

  // The result so far: may be asked at any time, and asking changes nothing. `torn_lines` is
  // for whoever read the journal to fill in.
  RunReport report() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart
