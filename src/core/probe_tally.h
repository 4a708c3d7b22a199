#pragma once

// Everything that is counted about one probe while a run goes.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "blackstart/report.h"
#include "blackstart/scenario.h"
#include "core/histogram.h"
#include "core/recovery.h"
#include "core/strip.h"

namespace blackstart {

// Reasons kept apart for one probe; more are counted as kOtherReasons.
inline constexpr std::size_t kReasonsMax = 32;
inline constexpr std::string_view kOtherReasons = "other reasons";

class ProbeTally {
 public:
  ProbeTally(const Scenario& scenario, std::size_t probe);

  void on_faults(bool in_force, RunTime asked, RunTime at);
  void on_sample(const ProbeSample& sample);

  // The figures as if the run had ended at `ended`.
  RecoveryFigures figures(RunTime ended) const;

  // All but the verdict and the objectives.
  ProbeReport report(const RecoveryFigures& figures) const;

 private:
  void count_bad(const ProbeSample& sample);

  ProbeReport counts_;  // what needs nothing but counting
  RecoveryTracker tracker_;
  Histogram lateness_;
  StripBuilder strip_;
};

}  // namespace blackstart
