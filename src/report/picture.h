#pragma once

// Pieces of a picture made of characters: strips, bands, bars, and texts of a known width.
// Pure. Outcomes are told apart by shape as well as by colour, since some people cannot see
// the one and some terminals cannot show the other.

#include <string>
#include <string_view>
#include <vector>

#include "blackstart/report.h"

namespace blackstart::picture {

struct Style {
  bool colour = false;
  bool unicode = true;
};

enum class Ink { plain, bold, dim, good, bad, worst, fault };

// `text` in a colour that reads on light and on dark grounds; unchanged without colour.
std::string inked(const Style& style, Ink ink, std::string_view text);

// What a service or a scenario says, made harmless: control characters and bytes that are no
// UTF-8 become `?`, so no escape sequence of theirs reaches a terminal.
std::string harmless(std::string_view text);

// Columns that `text` takes, one a code point; escape sequences of inked() take none.
std::size_t width_of(std::string_view text);

// Cut to `columns`, with a mark where something was cut. Only for text without ink.
std::string cut(const Style& style, std::string_view text, std::size_t columns);

// cut(), then filled up with blanks on the right or on the left.
std::string left(const Style& style, std::string_view text, std::size_t columns);
std::string right(const Style& style, std::string_view text, std::size_t columns);

// `text` broken at blanks into lines of at most `columns`.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

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

// Seconds from `zero` under the picture: "0s        30s        1m".
std::string axis_row(Window window, RunTime zero, std::size_t columns);

std::string progress_bar(const Style& style, double share, std::size_t columns);

// "lied" in the ink that it deserves.
Ink ink_of(ProbeVerdict verdict);
Ink ink_of(RunVerdict verdict);

// 1.2 ms, 340 ms, 12.3 s, 2m 37s: for people, three figures at most.
std::string short_duration(Duration span);

}  // namespace blackstart::picture
