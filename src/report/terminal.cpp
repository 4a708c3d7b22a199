#include "report/terminal.h"

#include <algorithm>
#include <cstdio>

#include "report/picture.h"
#include "report/terminal_page.h"
#include "report/terminal_tables.h"

namespace blackstart {
namespace {

using namespace picture;

// The sentence may begin with the word that already stands above it.
std::string sentence_of(const RunReport& report) {
  const std::string word = upper(name_of(report.verdict)) + ": ";
  return report.sentence.starts_with(word) ? report.sentence.substr(word.size()) : report.sentence;
}

void headline(TerminalPage& page, const RunReport& report) {
  page.bar(upper(name_of(report.verdict)), ink_of(report.verdict));
  page.paragraph("", sentence_of(report));
}

std::string legend(const Style& style) {
  return style.unicode ? "━ fault, ▁ ok, ▄ failed, █ wrong" : "= fault, . ok, x failed, ! wrong";
}

Duration slowest_bin(const RunReport& report) {
  Duration most{};
  for (const ProbeReport& probe : report.probes) {
    for (const StripBin& bin : probe.strip.bins) most = std::max(most, bin.latency_mean());
  }
  return most;
}

void timeline(TerminalPage& page, const RunReport& report) {
  if (report.probes.empty() || !report.ended) return;
  const Window window{report.probes.front().strip.from, *report.ended};
  if (window.to <= window.from) return;
  const Style& style = page.style();
  const Duration most = slowest_bin(report);
  page.heading("Timeline: " + legend(style) +
               (most.count() > 0 ? "; latency to " + short_duration(most) : ""));
  const std::size_t names = std::min<std::size_t>(page.columns() / 4, 32);
  const std::size_t wide = page.columns() - names - 1;
  const auto row = [&](const std::string& name, const std::string& cells) {
    page.line(left(style, page.safe(name), names) + " " + cells);
  };
  for (const FaultReport& one : report.faults) {
    if (!one.spans.empty()) row(one.name, band_row(style, one.spans, window, wide));
  }
  for (const ProbeReport& probe : report.probes) {
    row(probe.name, strip_row(style, probe.strip, window, wide));
    if (most.count() == 0) continue;
    row("  latency", latency_row(style, probe.strip, window, wide, most));
  }
  const Axis real{.zero = report.first_on.value_or(window.from)};
  row("real time", inked(style, Ink::dim, axis_row(real, window, wide)));
  if (report.scenario.speed == 1.0 || !report.first_on || !report.last_lift) return;
  const Axis incident{real.zero, report.scenario.speed,
                      Window{*report.first_on, *report.last_lift}};
  row("incident time", inked(style, Ink::dim, axis_row(incident, window, wide)));
}

void remarks(TerminalPage& page, const RunReport& report) {
  if (!report.timers.empty()) page.heading("Expect");
  for (const TimerWarning& one : report.timers) page.paragraph("  ", one.text);
  if (!report.warnings.empty() || report.torn_lines > 0) page.heading("Warnings");
  for (const WarningEvent& one : report.warnings) page.paragraph("  ", one.text);
  if (report.torn_lines == 0) return;
  page.paragraph("  ", std::to_string(report.torn_lines) +
                           (report.torn_lines == 1 ? " torn line" : " torn lines") +
                           " of the journal skipped");
}

void environment(TerminalPage& page, const RunReport& report, const std::string& folder) {
  const RunHeader& header = report.header;
  page.blank();
  page.paragraph("",
                 header.scenario + ", speed " + compact(header.speed) + ", seed " +
                     std::to_string(header.seed) + ", " + header.kernel + ", " + header.started_at,
                 Ink::dim);
  if (!folder.empty()) page.paragraph("", "journal: " + folder);
  if (!header.command.empty()) page.paragraph("", "again: " + header.command);
}

}  // namespace

std::string terminal_report(const RunReport& report, const TerminalOptions& options, int columns,
                            bool colour, bool unicode) {
  const auto wide = static_cast<std::size_t>(std::max(columns, kTerminalColumnsMin));
  TerminalPage page{wide, {.colour = colour && !options.plain, .unicode = unicode}};
  headline(page, report);
  if (options.quiet) return page.take();
  numbers_table(page, report);
  timeline(page, report);
  proof_list(page, report);
  detail_table(page, report);
  incident_bars(page, report);
  remarks(page, report);
  environment(page, report, options.folder);
  return page.take();
}

void print_report(const RunReport& report, const TerminalOptions& options) {
  const TerminalLook look = look_of_stdout(options.plain);
  std::string text = terminal_report(report, options, look.columns, look.colour, look.unicode);
  // The end is what stays on the screen: where the beginning is gone, the verdict is said again.
  if (look.rows > 0 && std::ranges::count(text, '\n') >= look.rows) {
    TerminalOptions verdict = options;
    verdict.quiet = true;
    text += terminal_report(report, verdict, look.columns, look.colour, look.unicode);
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace blackstart
