#pragma once

// Two sets of runs side by side: is the new one slower?
//
// Each figure of each probe is tested for itself by a two-sided Mann-Whitney U test at kAlpha, so
// of twenty figures that did not change one is expected to look as if it had, and one of forty to
// look slower. A set may be too small for the test ever to show anything, four a side being enough.

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "blackstart/report.h"
#include "core/figures.h"

namespace blackstart {

inline constexpr double kAlpha = 0.05;
inline constexpr std::size_t kComparableRuns = 4;  // a side, always enough

struct FigureChange {
  enum class Kind : std::uint8_t { none_shown, more, less, too_few };

  const Figure* figure = nullptr;
  double before = 0.0, now = 0.0;  // medians; may be kNever
  std::size_t runs_before = 0, runs_now = 0;
  MannWhitney test;  // `u` counts pairs in which the new run is above the old
  Kind kind = Kind::none_shown;

  // Now minus before; nullopt where both are never.
  std::optional<double> difference() const;
  // "slower", "faster", "more", …, "no difference shown", "too few runs to tell".
  std::string_view word() const;
};

struct ProbeChange {
  std::string name;
  bool judged = false;
  std::vector<FigureChange> figures;
};

struct Comparison {
  std::vector<ProbeChange> probes;       // that are in both, in the old order
  std::vector<std::string> only_in_one;  // "cart: only in NEW"

  // Of the figures that gate, of judged probes: how many there are, and whether one is more, one
  // is less, and one has too few runs.
  std::size_t gating = 0;
  bool slower = false, faster = false, too_few = false;
};

Comparison compare(std::span<const RunReport> before, std::span<const RunReport> now);

// In what the experiments differ, so that comparing them would compare the experiments: name,
// speed, timeline, watch, and how probes look. Stack, targets, place and objectives may differ.
std::vector<std::string> differences(const Scenario& before, const Scenario& now);

}  // namespace blackstart
