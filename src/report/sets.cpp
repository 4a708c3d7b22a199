#include "report/sets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "report/picture.h"

namespace blackstart {
namespace {

using namespace picture;
using Kind = FigureChange::Kind;

constexpr std::size_t kTitleColumns = 20, kValueColumns = 9, kNeverColumns = 8;
constexpr std::size_t kRangeColumns = 2 * kValueColumns + 3;
constexpr std::size_t kDifferenceColumns = 11, kChanceColumns = 8, kWordColumns = 22;

Duration span_of(double seconds) { return Duration{std::llround(seconds * 1e9)}; }

std::string range_text(const Style& style, const Figure& figure, double low, double high) {
  return right(style, figure_text(figure, low), kValueColumns) + (style.unicode ? " … " : " - ") +
         left(style, figure_text(figure, high), kValueColumns);
}

std::string count_of(std::size_t runs) {
  return std::to_string(runs) + (runs == 1 ? " run" : " runs");
}

std::string probe_title(const TerminalPage& page, const std::string& name, bool judged) {
  return left(page.style(), page.safe(name + (judged ? "" : " (not judged)")), kTitleColumns);
}

// Cells that a page of this width has room for, the less important last.
class Row {
 public:
  explicit Row(const TerminalPage& page) : room_{page.columns()} {}

  void add(const std::string& cell) {
    full_ = full_ || width_of(text_) + width_of(cell) > room_;
    if (!full_) text_ += cell;
  }
  const std::string& text() const { return text_; }

 private:
  std::size_t room_;
  bool full_ = false;
  std::string text_;
};

void summary_table(TerminalPage& page, const ProbeSummary& probe) {
  const Style& style = page.style();
  Row head{page};
  head.add(probe_title(page, probe.name, probe.judged));
  head.add(right(style, "median", kValueColumns));
  head.add(right(style, style.unicode ? "least … most   " : "least - most   ", kRangeColumns));
  head.add(right(style, "never", kNeverColumns));
  head.add(right(style, "95% of median  ", kRangeColumns));
  page.blank();
  page.line(inked(style, Ink::bold, head.text()));
  for (const FigureSummary& one : probe.figures) {
    const Figure& figure = *one.figure;
    Row row{page};
    row.add(left(style, "  " + std::string{figure.title}, kTitleColumns));
    row.add(right(style, figure_text(figure, one.median), kValueColumns));
    row.add(range_text(style, figure, one.least, one.most));
    const std::string never =
        one.never == 0 ? "-" : std::to_string(one.never) + "/" + std::to_string(one.runs);
    row.add(right(style, never, kNeverColumns));
    row.add(one.interval ? range_text(style, figure, one.interval->low, one.interval->high)
                         : right(style, "-", kValueColumns + 2));
    page.line(row.text());
  }
}

const RunReport* worst_run(const SeriesReport& series) {
  const auto worst = std::ranges::find(series.runs, series.exit_code,
                                       [](const RunReport& run) { return run.exit_code; });
  return worst == series.runs.end() ? nullptr : &*worst;
}

std::string figures_line(const RunReport& report) {
  std::string text;
  for (const ProbeReport& probe : report.probes) {
    if (probe.role == Role::control) continue;
    text += (text.empty() ? "" : "; ") + probe.name + ":";
    if (!probe.first_impact) {
      text += " no impact";
      continue;
    }
    text += " back " + (probe.recovered ? short_duration(*probe.recovered) : "never") + ", down " +
            short_duration(probe.downtime) + ", failed " + std::to_string(probe.failed) +
            ", wrong " + std::to_string(probe.wrong);
  }
  return text;
}

std::string difference_text(const FigureChange& change) {
  const double difference = change.difference().value_or(kNever);
  if (!std::isfinite(difference)) return "-";
  if (difference == 0.0) return "0";
  return (difference > 0 ? "+" : "-") + figure_text(*change.figure, std::fabs(difference));
}

std::string chance_text(const FigureChange& change) {
  if (change.kind == Kind::too_few) return "-";
  if (change.test.p < 0.001) return "<0.001";
  char text[16];
  std::snprintf(text, sizeof text, "%.3f", change.test.p);
  return text;
}

Ink ink_of_change(const FigureChange& change, bool judged) {
  if (change.kind == Kind::less && change.figure->gates) return Ink::good;
  if (change.kind == Kind::more && change.figure->gates) return judged ? Ink::bad : Ink::bold;
  const bool changed = change.kind == Kind::more || change.kind == Kind::less;
  return changed ? Ink::bold : Ink::plain;
}

void change_table(TerminalPage& page, const ProbeChange& probe) {
  const Style& style = page.style();
  const bool narrow = page.columns() < kTitleColumns + 2 * kValueColumns + kDifferenceColumns +
                                           kChanceColumns + kWordColumns;
  const auto line = [&](const std::string& title, const std::array<std::string, 4>& cells,
                        const std::string& word, Ink ink) {
    std::string row = left(style, title, narrow ? kTitleColumns - 1 : kTitleColumns) +
                      right(style, cells[0], kValueColumns) + right(style, cells[1], kValueColumns);
    if (!narrow) {
      row += right(style, cells[2], kDifferenceColumns) + right(style, cells[3], kChanceColumns);
    }
    page.line(narrow ? row : row + "  " + inked(style, ink, word));
    if (narrow && !word.empty()) page.line("    " + inked(style, ink, word));
  };
  page.blank();
  line(probe_title(page, probe.name, probe.judged), {"old", "new", "difference", "p"}, "",
       Ink::plain);
  for (const FigureChange& one : probe.figures) {
    line("  " + std::string{one.figure->title},
         {figure_text(*one.figure, one.before), figure_text(*one.figure, one.now),
          difference_text(one), chance_text(one)},
         std::string{one.word()}, ink_of_change(one, probe.judged));
  }
}

// "balance: recovered after 1.2s, was 340ms (slower)", of the figures that gate.
std::string changes_text(const Comparison& comparison) {
  std::string text;
  for (const ProbeChange& probe : comparison.probes) {
    for (const FigureChange& one : probe.figures) {
      const bool changed = one.kind == Kind::more || one.kind == Kind::less;
      if (!probe.judged || !one.figure->gates || !changed) continue;
      text += (text.empty() ? "" : "; ") + probe.name + ": " + std::string{one.figure->title} +
              " " + figure_text(*one.figure, one.now) + ", was " +
              figure_text(*one.figure, one.before) + " (" + std::string{one.word()} + ")";
    }
  }
  return text;
}

void set_lines(TerminalPage& page, const std::string& side, const ComparedSet& set) {
  page.paragraph("", side + ": " + count_of(set.counted.size()) + ", " + set.path, Ink::dim);
  for (const std::string& one : set.left_out) page.paragraph("  ", "not counted: " + one);
}

Ink ink_of_outcome(const Comparison& comparison) {
  if (comparison.slower) return Ink::bad;
  if (comparison.too_few) return Ink::fault;
  return comparison.faster ? Ink::good : Ink::bold;
}

}  // namespace

std::string figure_text(const Figure& figure, double value) {
  if (value == kNever) return std::string{figure.never};
  switch (figure.unit) {
    case Figure::Unit::seconds:
      return short_duration(span_of(value));
    case Figure::Unit::ratio:
      return ratio_text(value);
    case Figure::Unit::count:
      break;
  }
  return compact(value);
}

void run_line(TerminalPage& page, const SeriesReport& series) {
  const RunReport& report = series.runs.back();
  const std::string asked = std::to_string(series.asked);
  const std::string number =
      right(page.style(), std::to_string(series.runs.size()), asked.size()) + "/" + asked + " ";
  const std::string word = left(page.style(), upper(name_of(report.verdict)), 12);
  const std::size_t indent = number.size() + word.size();
  const std::string text =
      page.safe(why_left_out(report).empty() ? figures_line(report) : report.sentence);
  std::string lead = number + inked(page.style(), ink_of(report.verdict), word);
  for (const std::string& one : wrapped(text, page.columns() - indent)) {
    page.line(lead + one);
    lead = std::string(indent, ' ');
  }
}

void series_page(TerminalPage& page, const SeriesReport& series, bool quiet) {
  const RunReport* const worst = worst_run(series);
  const RunVerdict verdict = worst != nullptr ? worst->verdict : RunVerdict::stopped;
  page.bar(upper(name_of(verdict)), ink_of(verdict));
  page.paragraph("", series_sentence(series));
  if (quiet) return;
  const std::vector<ProbeSummary> probes = summarize(series.runs, RunSeed{series.seed});
  for (const ProbeSummary& probe : probes) summary_table(page, probe);
  page.blank();
  page.paragraph("", "runs: " + series.folder);
  page.paragraph("", "again: " + series.command);
}

std::string_view outcome_of(const Comparison& comparison) {
  if (comparison.slower) return "slower";
  if (comparison.too_few) return "too few runs to tell";
  return comparison.faster ? "faster" : "no difference shown";
}

void comparison_page(TerminalPage& page, const ComparedSets& sets) {
  const Comparison& comparison = sets.comparison;
  page.bar(upper(outcome_of(comparison)), ink_of_outcome(comparison));
  page.paragraph("", changes_text(comparison));
  set_lines(page, "old", sets.before);
  set_lines(page, "new", sets.now);
  for (const std::string& one : sets.differences) {
    page.paragraph("", "not the same experiment: " + one, Ink::bad);
  }
  for (const std::string& one : comparison.only_in_one) page.paragraph("", one);
  if (comparison.too_few) {
    page.paragraph("", "too few runs to tell: needs at least " + std::to_string(kComparableRuns) +
                           " a side; blackstart run --repeat makes them");
  }
  for (const ProbeChange& probe : comparison.probes) change_table(page, probe);
}

}  // namespace blackstart
