#pragma once

// One frame of the live view, from what is known at its instant. Pure.

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "blackstart/report.h"
#include "report/picture.h"

namespace blackstart::cli {

// What the view has learnt from events beside the analysis.
struct LiveState {
  RunPhase phase = RunPhase::preparing;
  RunTime now;
  std::optional<RunTime> zero;  // of the timeline
  std::set<std::uint32_t> in_force;
  std::vector<std::string> notes;                  // the latest last
  std::vector<std::optional<ProbeSample>> latest;  // by probe
  Duration expected{};                             // of the whole run, where all goes well
  std::optional<RunTime> confirm_until{};          // a person must confirm until then
};

// At most `rows` lines of at most `columns`, without a newline after the last.
std::string live_frame(const RunReport& report, const LiveState& state, std::size_t columns,
                       std::size_t rows, const picture::Style& style);

// "still there? press Enter within 7 s, or all is lifted": of a state that has `confirm_until`.
std::string confirm_text(const LiveState& state);

// "normal", "failing", "LYING", "back": a probe's state in a word.
std::string_view state_word(const ProbeReport& probe, const std::optional<ProbeSample>& latest,
                            bool lifted);

}  // namespace blackstart::cli
