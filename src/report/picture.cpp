#include "report/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace blackstart::picture {
namespace {

// Seconds between the marks of an axis.
constexpr std::array kAxisSteps{1,   2,   5,     10,    15,    30,     60,     120,
                                300, 600, 1'800, 3'600, 7'200, 21'600, 43'200, 86'400};
// Of a bin: an edge that falls upon another one is not beyond it.
constexpr double kOnTheEdge = 1e-6;

std::string repeat(std::string_view cell, std::size_t times) {
  std::string row;
  for (std::size_t i = 0; i < times; ++i) row += cell;
  return row;
}

// What of a strip falls into cell `cell` of `columns` of the window.
StripBin cell_of(const Strip& strip, Window window, std::size_t cell, std::size_t columns) {
  StripBin sum;
  if (strip.width.count() <= 0 || window.to <= window.from) return sum;
  const double span = static_cast<double>((window.to - window.from).count());
  const auto edge = [&](std::size_t at) {
    const double since = span * static_cast<double>(at) / static_cast<double>(columns) +
                         static_cast<double>((window.from - strip.from).count());
    return std::max(0.0, since / static_cast<double>(strip.width.count()));
  };
  const auto first = static_cast<std::size_t>(std::floor(edge(cell) + kOnTheEdge));
  const auto last = static_cast<std::size_t>(std::ceil(edge(cell + 1) - kOnTheEdge));
  for (std::size_t i = first; i < std::min(last, strip.bins.size()); ++i) {
    sum.ok += strip.bins[i].ok;
    sum.failed += strip.bins[i].failed;
    sum.wrong += strip.bins[i].wrong;
    sum.latency_sum += strip.bins[i].latency_sum;
  }
  return sum;
}

// Neighbouring cells of one ink share an escape sequence.
class InkedRow {
 public:
  explicit InkedRow(const Style& style) : style_{style} {}

  void add(Ink ink, std::string_view cell) {
    if (ink != ink_) flush();
    ink_ = ink;
    pending_ += cell;
  }
  std::string take() {
    flush();
    return std::move(row_);
  }

 private:
  void flush() {
    row_ += inked(style_, ink_, pending_);
    pending_.clear();
  }

  const Style& style_;
  Ink ink_ = Ink::plain;
  std::string pending_, row_;
};

}  // namespace

std::string strip_row(const Style& style, const Strip& strip, Window window, std::size_t columns) {
  InkedRow row{style};
  for (std::size_t i = 0; i < columns; ++i) {
    const StripBin cell = cell_of(strip, window, i, columns);
    if (cell.count() == 0) {
      row.add(Ink::plain, " ");
    } else if (cell.wrong > 0) {
      row.add(Ink::worst, style.unicode ? "█" : "!");
    } else if (cell.failed > 0) {
      row.add(Ink::bad, style.unicode ? "▄" : "x");
    } else {
      row.add(Ink::good, style.unicode ? "▁" : ".");
    }
  }
  return row.take();
}

std::string latency_row(const Style& style, const Strip& strip, Window window, std::size_t columns,
                        Duration most) {
  constexpr std::array<std::string_view, 8> kBlocks{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  constexpr std::array<std::string_view, 8> kAscii{"_", "_", ".", "-", "-", "=", "=", "#"};
  std::string row;
  for (std::size_t i = 0; i < columns; ++i) {
    const StripBin cell = cell_of(strip, window, i, columns);
    if (cell.ok == 0 || most.count() <= 0) {
      row += ' ';
      continue;
    }
    const double height =
        static_cast<double>(cell.latency_mean().count()) / static_cast<double>(most.count());
    const auto level = static_cast<std::size_t>(std::clamp(height * 8.0, 0.0, 7.0));
    row += (style.unicode ? kBlocks : kAscii)[level];
  }
  return inked(style, Ink::dim, row);
}

std::string band_row(const Style& style, const std::vector<FaultSpan>& spans, Window window,
                     std::size_t columns) {
  InkedRow row{style};
  const Duration span = window.to - window.from;
  for (std::size_t i = 0; i < columns; ++i) {
    const auto at = [&](std::size_t cell) {
      return window.from +
             span * static_cast<std::int64_t>(cell) / static_cast<std::int64_t>(columns);
    };
    const bool held = std::ranges::any_of(
        spans, [&](const FaultSpan& one) { return one.from < at(i + 1) && one.to > at(i); });
    row.add(held ? Ink::fault : Ink::plain, !held ? " " : style.unicode ? "━" : "=");
  }
  return row.take();
}

std::string axis_row(const Axis& axis, Window window, std::size_t columns) {
  const double span = seconds_of(window.to - window.from) * axis.speed;
  if (span <= 0 || columns < 10) return {};
  const double per_column = span / static_cast<double>(columns);
  const auto fits = [&](int seconds) { return seconds >= 9.0 * per_column; };
  const auto found = std::ranges::find_if(kAxisSteps, fits);
  const double step = found != kAxisSteps.end() ? *found : std::ceil(9.0 * per_column);
  const auto scaled = [&](RunTime at) { return seconds_of(at - axis.zero) * axis.speed; };
  const Window part = axis.part.value_or(window);
  const double from = scaled(window.from), last = scaled(std::min(part.to, window.to));

  std::string row(columns, ' ');
  for (double mark = std::ceil(scaled(std::max(part.from, window.from)) / step) * step;
       mark <= last; mark += step) {
    const auto whole = std::chrono::seconds{std::llround(mark)};
    const std::string label = whole.count() == 0 ? "0" : short_duration(whole);
    const auto column = static_cast<std::size_t>((mark - from) / per_column);
    if (column + label.size() <= columns) row.replace(column, label.size(), label);
  }
  return row;
}

std::string progress_bar(const Style& style, double share, std::size_t columns) {
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(columns);
  const auto full = static_cast<std::size_t>(filled);
  return inked(style, Ink::bold, repeat(style.unicode ? "█" : "#", full)) +
         inked(style, Ink::dim, repeat(style.unicode ? "░" : ".", columns - full));
}

Ink ink_of(ProbeVerdict verdict) {
  switch (verdict) {
    case ProbeVerdict::absorbed:
    case ProbeVerdict::recovered:
      return Ink::good;
    case ProbeVerdict::slow:
    case ProbeVerdict::stuck:
      return Ink::bad;
    case ProbeVerdict::lied:
      return Ink::worst;
    case ProbeVerdict::unjudged:
      break;
  }
  return Ink::plain;
}

Ink ink_of(RunVerdict verdict) {
  switch (verdict) {
    case RunVerdict::held:
      return Ink::good;
    case RunVerdict::missed:
      return Ink::bad;
    case RunVerdict::invalid:
    case RunVerdict::not_started:
    case RunVerdict::stopped:
      break;
  }
  return Ink::fault;
}

}  // namespace blackstart::picture
