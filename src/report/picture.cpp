#include "report/picture.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

namespace blackstart::picture {
namespace {

constexpr std::array<std::string_view, 7> kInks{"", "1", "2", "32", "31", "1;35", "33"};

std::string repeat(std::string_view cell, std::size_t times) {
  std::string row;
  for (std::size_t i = 0; i < times; ++i) row += cell;
  return row;
}

bool continues(char byte) { return (static_cast<unsigned char>(byte) & 0xC0) == 0x80; }

// Length of the UTF-8 sequence that `text` begins with; zero where it is none.
std::size_t sequence_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  const std::size_t length = lead < 0x80                    ? 1
                             : lead >= 0xC2 && lead < 0xE0  ? 2
                             : lead >= 0xE0 && lead < 0xF0  ? 3
                             : lead >= 0xF0 && lead <= 0xF4 ? 4
                                                            : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!continues(text[i])) return 0;
  }
  return length;
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
  const auto first = static_cast<std::size_t>(std::floor(edge(cell)));
  const auto last = static_cast<std::size_t>(std::ceil(edge(cell + 1)));
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

std::string inked(const Style& style, Ink ink, std::string_view text) {
  const std::string_view code = kInks[static_cast<std::size_t>(ink)];
  if (!style.colour || code.empty() || text.empty()) return std::string{text};
  return "\x1b[" + std::string{code} + "m" + std::string{text} + "\x1b[0m";
}

std::string harmless(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t length = sequence_length(text);
    const auto first = static_cast<unsigned char>(text[0]);
    // C1 control characters are two bytes in UTF-8, and some terminals obey them.
    const bool c1 = length == 2 && first == 0xC2 && static_cast<unsigned char>(text[1]) < 0xA0;
    if (length == 0 || first < 0x20 || first == 0x7f || c1) {
      out += '?';
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::size_t width_of(std::string_view text) {
  std::size_t width = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\x1b') {
      i = std::min(text.find('m', i), text.size());
    } else if (!continues(text[i])) {
      ++width;
    }
  }
  return width;
}

std::string cut(const Style& style, std::string_view text, std::size_t columns) {
  if (width_of(text) <= columns) return std::string{text};
  if (columns == 0) return {};
  std::size_t end = 0, width = 0;
  while (end < text.size() && width < columns - 1) {
    ++end;
    while (end < text.size() && continues(text[end])) ++end;
    ++width;
  }
  return std::string{text.substr(0, end)} + (style.unicode ? "…" : "~");
}

std::string left(const Style& style, std::string_view text, std::size_t columns) {
  std::string out = cut(style, text, columns);
  return out.append(columns - width_of(out), ' ');
}

std::string right(const Style& style, std::string_view text, std::size_t columns) {
  const std::string out = cut(style, text, columns);
  return std::string(columns - width_of(out), ' ') + out;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
  std::vector<std::string> lines;
  std::string line;
  while (!text.empty()) {
    std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::size_t gap = line.empty() ? 0 : 1;
    if (!line.empty() && width_of(line) + gap + width_of(word) > columns) {
      lines.push_back(std::move(line));
      line.clear();
    }
    if (!line.empty()) line += ' ';
    line += cut({.unicode = false}, word, columns);
  }
  if (!line.empty()) lines.push_back(std::move(line));
  return lines;
}

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

std::string axis_row(Window window, RunTime zero, std::size_t columns) {
  constexpr std::array kSteps{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1'800, 3'600, 7'200, 21'600};
  const double span = seconds_of(window.to - window.from);
  if (span <= 0 || columns < 10) return {};
  const double per_column = span / static_cast<double>(columns);
  const auto step = std::ranges::find_if(
      kSteps, [&](int seconds) { return seconds / per_column >= 9.0 || seconds == kSteps.back(); });
  std::string row(columns, ' ');
  const double from = seconds_of(window.from - zero);
  for (double mark = std::ceil(from / *step) * *step; mark <= from + span; mark += *step) {
    const std::string label =
        std::fabs(mark) < 0.5
            ? "0"
            : short_duration(std::chrono::seconds{static_cast<std::int64_t>(std::lround(mark))});
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

std::string short_duration(Duration span) {
  const double seconds = seconds_of(span);
  const double size = std::fabs(seconds);
  char text[40];
  if (size >= 120.0) {
    const auto whole = static_cast<long long>(std::llround(size));
    const long long hours = whole / 3600, minutes = whole / 60 % 60, rest = whole % 60;
    const char* sign = seconds < 0 ? "-" : "";
    if (hours > 0 && minutes == 0) {
      std::snprintf(text, sizeof text, "%s%lldh", sign, hours);
    } else if (hours > 0) {
      std::snprintf(text, sizeof text, "%s%lldh%02lldm", sign, hours, minutes);
    } else if (rest == 0) {
      std::snprintf(text, sizeof text, "%s%lldm", sign, minutes);
    } else {
      std::snprintf(text, sizeof text, "%s%lldm%02llds", sign, minutes, rest);
    }
  } else if (size >= 1.0 || span.count() == 0) {
    const bool whole = std::fabs(seconds - std::round(seconds)) < 0.05;
    std::snprintf(text, sizeof text, whole ? "%.0fs" : "%.1fs", seconds);
  } else {
    std::snprintf(text, sizeof text, size >= 0.01 ? "%.0fms" : "%.1fms", seconds * 1e3);
  }
  return text;
}

}  // namespace blackstart::picture
