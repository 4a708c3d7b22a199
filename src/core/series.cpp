#include "core/series.h"

#include <algorithm>
#include <array>

namespace blackstart {
namespace {

bool is_signal(int code) { return code > exit_code::signal_base; }

// Lower is worse.
std::ptrdiff_t rank_of(int code) {
  constexpr std::array kWorstFirst{
      exit_code::internal_error, exit_code::usage, exit_code::machine, exit_code::not_normal,
      exit_code::invalid,        exit_code::guard, exit_code::missed,  exit_code::held,
  };
  if (code == exit_code::not_clean) return -2;
  if (is_signal(code)) return -1;
  return std::ranges::find(kWorstFirst, code) - kWorstFirst.begin();
}

}  // namespace

int worse_of(int a, int b) { return rank_of(b) < rank_of(a) ? b : a; }

bool ends_series(int code) {
  return code == exit_code::not_clean || is_signal(code) || code == exit_code::internal_error ||
         code == exit_code::usage || code == exit_code::machine || code == exit_code::guard;
}

std::string series_sentence(const SeriesReport& series) {
  constexpr std::array kWords{RunVerdict::held, RunVerdict::missed, RunVerdict::invalid,
                              RunVerdict::not_started, RunVerdict::stopped};
  std::string verdicts, left_out;
  for (const RunVerdict word : kWords) {
    const auto count = std::ranges::count(series.runs, word, &RunReport::verdict);
    if (count == 0) continue;
    verdicts += (verdicts.empty() ? ": " : ", ") + std::to_string(count) + " ";
    verdicts += name_of(word);
  }
  for (std::size_t i = 0; i < series.runs.size(); ++i) {
    const std::string why = why_left_out(series.runs[i]);
    if (why.empty()) continue;
    left_out += (left_out.empty() ? "; not counted: run " : ", run ") + std::to_string(i + 1) +
                " (" + why + ")";
  }
  return std::to_string(series.runs.size()) + " of " + std::to_string(series.asked) + " runs of " +
         series.scenario + verdicts + left_out;
}

}  // namespace blackstart
