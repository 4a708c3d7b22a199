#pragma once

// Pieces of a picture made of characters: strips, bands and bars. Pure. Outcomes are told apart
// by shape as well as by colour, since some people cannot see the one and some terminals cannot
// show the other.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/report.h"
#include "report/text.h"

namespace blackstart::picture {

// The stretch of time that a row of the picture shows.
struct Window {
  RunTime from, to;
};

// One cell a slice of the window; the worst outcome in it decides. Low and thin: ok. Half: failed.
// Full: wrong. Blank: no sample.
std::string strip_row(const Style& style, const Strip& strip, Window window, std::size_t columns);

// The mean latency of ok samples as a height, its largest being `most`.
std::string latency_row(const Style& style, const Strip& strip, Window window, std::size_t columns,
                        Duration most);

// A line where any of the spans holds.
std::string band_row(const Style& style, const std::vector<FaultSpan>& spans, Window window,
                     std::size_t columns);

// What the marks under a picture count: time since `zero`, `speed` times as fast as the run, and
// only within `part` of the window where that is given.
struct Axis {
  RunTime zero;
  double speed = 1.0;
  std::optional<Window> part = std::nullopt;
};

// "0         30s       1m": each label begins in the column of its instant.
std::string axis_row(const Axis& axis, Window window, std::size_t columns);

std::string progress_bar(const Style& style, double share, std::size_t columns);

// "lied" in the ink that it deserves.
Ink ink_of(ProbeVerdict verdict);
Ink ink_of(RunVerdict verdict);

}  // namespace blackstart::picture
