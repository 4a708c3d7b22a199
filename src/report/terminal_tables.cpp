#include "report/terminal_tables.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <functional>
#include <numeric>
#include <utility>
#include <vector>

#include "report/picture.h"

namespace blackstart {
namespace {

using namespace picture;

constexpr std::size_t kWordColumns = 11;  // " RECOVERED "
constexpr std::size_t kCellColumns = 8;
constexpr std::size_t kDetailColumnsMin = 72;
constexpr std::size_t kEvidenceShown = 300;  // bytes of a wrong answer
constexpr std::size_t kReasonsShown = 3;     // of a probe's failures

std::string or_dash(const std::optional<Duration>& span) {
  return span ? short_duration(*span) : "-";
}

// A control is not judged: it stands for the world beside the fault.
std::string title_of(const TerminalPage& page, const ProbeReport& probe) {
  return page.safe(probe.name) + (probe.role == Role::control ? " (control)" : "");
}

// Columns for the names, where `others` are needed beside them.
std::size_t name_columns(const TerminalPage& page, const RunReport& report, std::size_t others) {
  constexpr std::size_t kLeast = 10;
  std::size_t longest = 0;
  for (const ProbeReport& probe : report.probes) {
    longest = std::max(longest, width_of(title_of(page, probe)));
  }
  const std::size_t room = page.columns() > others ? page.columns() - others : 0;
  return std::clamp(longest, kLeast, std::max(kLeast, room));
}

std::string back_text(const ProbeReport& probe) {
  if (probe.recovered) return short_duration(*probe.recovered);
  return probe.verdict == ProbeVerdict::stuck ? "never" : "-";
}

// A column of the table; a narrow terminal has only those of the lowest rank.
struct Column {
  std::string_view title;
  std::size_t rank;
  std::string (*cell)(const ProbeReport&);
};

constexpr std::array kColumns{
    Column{"impact", 3,
           [](const ProbeReport& probe) {
             return probe.first_impact ? short_duration(*probe.first_impact) : std::string{"none"};
           }},
    Column{"back", 0, back_text},
    Column{"ampl.", 2,
           [](const ProbeReport& probe) {
             return probe.amplification ? ratio_text(*probe.amplification) : std::string{"-"};
           }},
    Column{"down", 4, [](const ProbeReport& probe) { return short_duration(probe.downtime); }},
    Column{"failed", 5, [](const ProbeReport& probe) { return std::to_string(probe.failed); }},
    Column{"wrong", 1, [](const ProbeReport& probe) { return std::to_string(probe.wrong); }},
};

std::string figure(const ObjectiveResult& objective, double value) {
  if (objective.name == "max_wrong") return compact(value);
  if (objective.name == "max_amplification") return ratio_text(value);
  return short_duration(std::chrono::duration_cast<Duration>(std::chrono::duration<double>{value}));
}

// "recover_within 10s, was 20.8s": what was asked, and what it was.
std::string objectives_text(const ProbeReport& probe, bool met) {
  std::string text;
  for (const ObjectiveResult& one : probe.objectives) {
    if (one.met != met) continue;
    text += (text.empty() ? "" : "; ") + one.name + " " + figure(one, one.limit);
    if (!met) text += ", was " + (one.value ? figure(one, *one.value) : "never");
  }
  return text;
}

void below_the_row(TerminalPage& page, const ProbeReport& probe, const std::string& indent) {
  const auto note = [&](std::string_view title, const std::string& text, Ink ink) {
    if (!text.empty()) page.paragraph(indent, std::string{title} + text, ink);
  };
  note("MISSED ", objectives_text(probe, false), Ink::bad);
  if (probe.first_impact) note("met ", objectives_text(probe, true), Ink::plain);
  note("it said: ", probe.wrong_evidence.substr(0, kEvidenceShown), Ink::plain);
  const bool moved =
      probe.verdict != ProbeVerdict::absorbed && probe.verdict != ProbeVerdict::unjudged;
  if (probe.role == Role::control && moved) note("", "a control must not move", Ink::bad);
}

// Why samples were not ok, the most frequent first.
std::string reasons_text(const ProbeReport& probe) {
  std::vector<std::pair<std::uint64_t, std::string>> reasons;
  for (const auto& [reason, count] : probe.reasons) reasons.emplace_back(count, reason);
  std::ranges::stable_sort(reasons, std::greater{}, &std::pair<std::uint64_t, std::string>::first);
  std::string text;
  for (std::size_t i = 0; i < std::min(reasons.size(), kReasonsShown); ++i) {
    text += (i == 0 ? "" : "; ") + std::to_string(reasons[i].first) + " x " + reasons[i].second;
  }
  if (reasons.size() > kReasonsShown) text += "; and others";
  return text;
}

std::string not_amplified(const ProbeReport& probe) {
  if (probe.verdict == ProbeVerdict::unjudged) return "unknown";
  return probe.first_impact ? "not back" : "absorbed";
}

// One row of the comparison; `most` is the longest bar's ratio.
struct Bars {
  TerminalPage& page;
  double most;

  std::size_t names() const { return std::min<std::size_t>(page.columns() / 4, 32); }
  std::string name(std::string_view text) const {
    return "  " + left(page.style(), page.safe(text), names()) + " ";
  }

  void bar(std::string_view of, Duration fault, double ratio, Ink ink) const {
    constexpr std::size_t kSpans = 18, kRatio = 8;
    const Style& style = page.style();
    const auto outage = std::chrono::duration_cast<Duration>(
        std::chrono::duration<double, std::nano>(fault) * ratio);
    const std::string spans =
        short_duration(fault) + (style.unicode ? " → " : " -> ") + short_duration(outage);
    const bool narrow = page.columns() < 60;
    std::string row = name(of) + (narrow ? "" : left(style, spans, kSpans)) +
                      right(style, ratio_text(ratio), kRatio) + " ";
    const auto room = static_cast<double>(page.columns() - width_of(row));
    const auto cells = std::max<long>(std::lround(ratio / most * room), 1);
    row += inked(style, ink, repeated(style.unicode ? "█" : "#", static_cast<std::size_t>(cells)));
    page.line(row);
  }
};

// What became of packets: " (12 dropped, delayed 100.2 ms of 100 ms asked)".
std::string fate_text(const Proof& proof) {
  std::string text;
  if (proof.dropped > 0) text += std::to_string(proof.dropped) + " dropped";
  if (proof.delay_asked > Duration{} && proof.timed > 0) {
    const auto count = static_cast<std::int64_t>(proof.timed);
    text += (text.empty() ? "" : ", ") + std::string{"delayed "} +
            short_duration(proof.delay_added / count) + " of " +
            short_duration(proof.delay_asked / count) + " asked";
  }
  return text.empty() ? text : " (" + text + ")";
}

std::string proof_text(const FaultReport& fault) {
  const Proof proof = fault.proof.value_or(Proof{});
  std::string hit;
  const auto add = [&](std::uint64_t count, const std::string& unit) {
    if (count > 0) hit += (hit.empty() ? "" : ", ") + std::to_string(count) + " " + unit;
  };
  std::string answers;
  for (const auto& [answer, count] : proof.answers) {
    answers += (answers.empty() ? "" : ", ") + std::to_string(count) + " " + answer;
  }
  if (proof.answers.size() == 1) answers = proof.answers.begin()->first;
  add(proof.questions, answers.empty() ? "questions" : "questions (" + answers + ")");
  add(proof.packets, "packets" + fate_text(proof));
  add(proof.connections, "connections");
  if (hit.empty()) return fault.may_miss ? "hit nothing, as it may" : "hit NOTHING: unproven";
  return "hit " + hit;
}

}  // namespace

void numbers_table(TerminalPage& page, const RunReport& report) {
  if (report.probes.empty()) return;
  const Style& style = page.style();
  const std::size_t fixed = kWordColumns + 1;
  const bool narrow = page.columns() < 60;
  const std::size_t names =
      name_columns(page, report, fixed + (narrow ? 2 : kColumns.size()) * kCellColumns);
  const std::size_t room = (page.columns() - fixed - names) / kCellColumns;

  std::string head = std::string(fixed, ' ') + left(style, "", names);
  for (const Column& column : kColumns) {
    if (column.rank < room) head += right(style, column.title, kCellColumns);
  }
  page.blank();
  page.line(inked(style, Ink::dim, head));
  for (const ProbeReport& probe : report.probes) {
    std::string row =
        badge(style, ink_of(probe.verdict), upper(name_of(probe.verdict)), kWordColumns) + " " +
        inked(style, Ink::bold, left(style, title_of(page, probe), names));
    for (const Column& column : kColumns) {
      if (column.rank < room) row += right(style, column.cell(probe), kCellColumns);
    }
    page.line(row);
    below_the_row(page, probe, std::string(narrow ? 2 : fixed, ' '));
  }
}

void proof_list(TerminalPage& page, const RunReport& report) {
  if (report.faults.empty()) return;
  page.heading("What was done, and what it hit");
  for (const FaultReport& one : report.faults) {
    std::string text = one.name;
    if (!one.on) {
      page.paragraph("  ", text + ": never came into force", Ink::bad);
      continue;
    }
    if (one.lift) text += ", " + short_duration(*one.lift - *one.on);
    if (one.edges > 2) text += " in " + std::to_string((one.edges + 1) / 2) + " pulses";
    page.paragraph("  ", text + ": " + one.words);
    const bool proven = one.proven || one.may_miss;
    page.paragraph("    ", proof_text(one) + "; edges within " + short_duration(one.widest_edge),
                   proven ? Ink::plain : Ink::bad);
  }
}

void detail_table(TerminalPage& page, const RunReport& report) {
  if (report.probes.empty() || !report.first_on || page.columns() < kDetailColumnsMin) return;
  const Style& style = page.style();
  constexpr std::array<std::size_t, 7> kWidths{7, 9, 8, 10, 10, 10, 6};
  const std::size_t all = std::accumulate(kWidths.begin(), kWidths.end(), std::size_t{2});
  const std::size_t names = name_columns(page, report, all);
  const auto row = [&](std::string_view name, const std::array<std::string, 7>& cells, Ink ink) {
    std::string text = "  " + left(style, name, names);
    for (std::size_t i = 0; i < cells.size(); ++i) text += right(style, cells[i], kWidths[i]);
    page.line(inked(style, ink, text));
  };
  const auto p95 = [](const LatencySummary& latency) {
    return latency.count == 0 ? "-" : short_duration(latency.p95);
  };
  page.heading("In detail: p95 latency, and the way back");
  row("",
      {"before", "faulted", "after", "first ok", "to speed", "relapses",
       style.unicode ? "±" : "+-"},
      Ink::dim);
  for (const ProbeReport& probe : report.probes) {
    row(title_of(page, probe),
        {p95(probe.before), p95(probe.during), p95(probe.after), or_dash(probe.first_good),
         or_dash(probe.back_to_speed), std::to_string(probe.relapses),
         short_duration(probe.uncertainty)},
        Ink::plain);
    page.paragraph("    ", reasons_text(probe), Ink::dim);
  }
}

void incident_bars(TerminalPage& page, const RunReport& report) {
  const auto& incident = report.scenario.incident;
  if (!incident || !incident->fault || !incident->event || incident->fault->count() <= 0) return;
  const double real = seconds_of(*incident->event) / seconds_of(*incident->fault);
  double most = real;
  for (const ProbeReport& probe : report.probes) {
    most = std::max(most, probe.amplification.value_or(0.0));
  }
  const Bars bars{page, most};
  page.heading("Beside the real one: fault and outage");
  bars.bar(incident->provider + " " + incident->date, *incident->fault, real, Ink::fault);
  for (const ProbeReport& probe : report.probes) {
    if (probe.role == Role::control) continue;
    if (probe.amplification && report.first_on && report.last_lift) {
      const Duration fault = *report.last_lift - *report.first_on;
      bars.bar(probe.name, fault, *probe.amplification, ink_of(probe.verdict));
    } else {
      page.line(bars.name(probe.name) + not_amplified(probe));
    }
  }
}

}  // namespace blackstart
