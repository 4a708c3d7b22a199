#include "report/terminal.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <clocale>
#include <cstdio>
#include <cstdlib>

#include "blackstart/params.h"
#include "report/picture.h"

namespace blackstart {
namespace {

using namespace picture;

std::string upper(std::string_view word) {
  std::string out{word};
  std::ranges::transform(out, out.begin(), [](char c) {
    return static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
  });
  return out;
}

std::string figure(const ObjectiveResult& objective, double value) {
  if (objective.name.ends_with("_within") || objective.name == "max_downtime") {
    return short_duration(
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>{value}));
  }
  char text[32];
  std::snprintf(text, sizeof text, objective.name == "max_amplification" ? "%.2f×" : "%.0f", value);
  return text;
}

std::string or_dash(const std::optional<Duration>& span) {
  return span ? short_duration(*span) : "-";
}

// Writes the report part by part; every line goes through line().
class Writer {
 public:
  Writer(const RunReport& report, int columns, Style style)
      : report_{report}, columns_{static_cast<std::size_t>(std::max(columns, 40))}, style_{style} {}

  std::string whole(const std::string& folder) {
    verdict();
    numbers();
    objectives();
    timeline();
    faults();
    incident();
    remarks();
    environment(folder);
    return std::move(out_);
  }

  void verdict() {
    line();
    const std::string word = upper(name_of(report_.verdict));
    out_ += " " + inked(style_, ink_of(report_.verdict), word) + "\n";
    for (const std::string& text : wrapped(harmless(sentence()), columns_ - 2)) line(" " + text);
  }

  std::string take() { return std::move(out_); }

 private:
  // The sentence may begin with the word that already stands above it.
  std::string sentence() const {
    const std::string word = upper(name_of(report_.verdict)) + ": ";
    return report_.sentence.starts_with(word) ? report_.sentence.substr(word.size())
                                              : report_.sentence;
  }

  void line(std::string_view text = {}) { out_.append(text).append("\n"); }
  void heading(std::string_view text) {
    line();
    out_ += " " + inked(style_, Ink::bold, text) + "\n";
  }
  void paragraph(std::string_view indent, std::string_view text) {
    for (const std::string& one : wrapped(harmless(text), columns_ - indent.size())) {
      line(std::string{indent} + one);
    }
  }

  std::size_t name_columns() const { return columns_ < 72 ? 12 : 20; }

  void numbers();
  void probe_row(const ProbeReport& probe);
  void objectives();
  void timeline();
  void faults();
  void fault(const FaultReport& one);
  void incident();
  void remarks();
  void environment(const std::string& folder);

  const RunReport& report_;
  std::size_t columns_;
  Style style_;
  std::string out_;
};

constexpr std::array<std::string_view, 6> kColumns{"impact",   "back",   "ampl.",
                                                   "downtime", "failed", "wrong"};

void Writer::numbers() {
  if (report_.probes.empty()) return;
  line();
  std::string head = " " + left(style_, "", name_columns()) + " " + left(style_, "verdict", 10);
  for (const std::string_view column : kColumns) head += right(style_, column, 8);
  out_ += inked(style_, Ink::dim, cut(style_, head, columns_)) + "\n";
  for (const ProbeReport& probe : report_.probes) probe_row(probe);
}

void Writer::probe_row(const ProbeReport& probe) {
  const std::string name = harmless(probe.name);
  std::string word{name_of(probe.verdict)};
  if (probe.verdict == ProbeVerdict::lied) word = upper(word);
  char ratio[32] = "-";
  if (probe.amplification) std::snprintf(ratio, sizeof ratio, "%.2fx", *probe.amplification);

  const std::array<std::string, 6> cells{
      probe.first_impact ? short_duration(*probe.first_impact) : "none",
      or_dash(probe.recovered),
      ratio,
      probe.downtime.count() == 0 ? "0s" : short_duration(probe.downtime),
      std::to_string(probe.failed),
      std::to_string(probe.wrong)};
  std::string row;
  std::size_t used = 1 + name_columns() + 1 + 10;
  for (const std::string& cell : cells) {
    if (used + 8 > columns_) break;
    row += right(style_, cell, 8);
    used += 8;
  }
  out_ += " " + left(style_, name, name_columns()) + " " +
          inked(style_, ink_of(probe.verdict), left(style_, word, 10)) + row + "\n";
  if (probe.role == Role::control) {
    out_ += inked(style_, Ink::dim, "   control: must not move") + "\n";
  }
  if (!probe.wrong_evidence.empty()) {
    paragraph("   ", "it said: " + probe.wrong_evidence.substr(0, 300));
  }
}

void Writer::objectives() {
  bool any = false;
  for (const ProbeReport& probe : report_.probes) {
    for (const ObjectiveResult& one : probe.objectives) {
      if (!std::exchange(any, true)) heading("Objectives");
      const std::string value = one.value ? figure(one, *one.value) : "never";
      const std::string mark =
          one.met ? inked(style_, Ink::good, "met   ") : inked(style_, Ink::bad, "MISSED");
      out_ += "   " + mark + " " +
              cut(style_,
                  harmless(probe.name) + ": " + one.name + " " + figure(one, one.limit) + ", was " +
                      value,
                  columns_ - 11) +
              "\n";
    }
  }
}

void Writer::timeline() {
  if (report_.probes.empty() || !report_.ended) return;
  const std::size_t wide = columns_ - name_columns() - 3;
  const Window window{report_.probes.front().strip.from, *report_.ended};
  if (window.to <= window.from) return;
  heading(style_.unicode ? "Timeline   ━ fault   ▁ ok   ▄ failed   █ wrong"
                         : "Timeline   = fault   . ok   x failed   ! wrong");
  const auto row = [&](std::string_view name, const std::string& cells) {
    out_ += " " + left(style_, harmless(name), name_columns()) + "  " + cells + "\n";
  };
  for (const FaultReport& one : report_.faults) {
    if (!one.spans.empty()) row(one.name, band_row(style_, one.spans, window, wide));
  }
  Duration most{};
  for (const ProbeReport& probe : report_.probes) {
    for (const StripBin& bin : probe.strip.bins) most = std::max(most, bin.latency_mean());
  }
  for (const ProbeReport& probe : report_.probes) {
    row(probe.name, strip_row(style_, probe.strip, window, wide));
    row("  latency", latency_row(style_, probe.strip, window, wide, most));
  }
  const RunTime zero = report_.first_on.value_or(window.from);
  row("", axis_row(window, zero, wide));
}

void Writer::faults() {
  if (report_.faults.empty()) return;
  heading("What was done, and proof that it happened");
  for (const FaultReport& one : report_.faults) fault(one);
}

void Writer::fault(const FaultReport& one) {
  std::string text = one.name + ": " + one.words;
  if (one.on && one.lift) text += ", for " + short_duration(*one.lift - *one.on);
  if (one.edges > 2) text += " in " + std::to_string(one.edges / 2) + " pulses";
  paragraph("   ", text);
  if (!one.on) return paragraph("     ", "never came into force");
  const Proof proof = one.proof.value_or(Proof{});
  std::string what;
  const auto add = [&](std::uint64_t count, const char* unit) {
    if (count > 0) what += (what.empty() ? "" : ", ") + std::to_string(count) + " " + unit;
  };
  add(proof.questions, "questions");
  for (const auto& [answer, count] : proof.answers) add(count, answer.c_str());
  add(proof.packets, "packets");
  add(proof.connections, "connections");
  if (what.empty()) what = one.may_miss ? "nothing (it may miss)" : "NOTHING: unproven";
  paragraph("     ", "hit " + what + "; edges within " + short_duration(one.widest_edge));
}

void Writer::incident() {
  const auto& incident = report_.scenario.incident;
  if (!incident || !incident->fault || !incident->event) return;
  const auto minutes = [](Duration span) {
    return std::to_string(std::chrono::duration_cast<std::chrono::minutes>(span).count()) + " min";
  };
  const double real = seconds_of(*incident->event) / seconds_of(*incident->fault);
  char ratio[32];
  std::snprintf(ratio, sizeof ratio, "%.1fx", real);
  heading("Beside the real one");
  paragraph("   ", incident->provider + ", " + incident->date + ": a fault of " +
                       minutes(*incident->fault) + " became " + minutes(*incident->event) +
                       " of outage, " + ratio);
  for (const ProbeReport& probe : report_.probes) {
    if (probe.role == Role::control) continue;
    std::string ours = probe.name + ": ";
    if (probe.amplification) {
      std::snprintf(ratio, sizeof ratio, "%.2fx", *probe.amplification);
      ours += ratio;
    } else {
      ours += probe.verdict == ProbeVerdict::absorbed ? "absorbed" : "not back within the limit";
    }
    paragraph("   ", ours);
  }
}

void Writer::remarks() {
  if (!report_.timers.empty()) heading("Expect tails");
  for (const TimerWarning& one : report_.timers) paragraph("   ", one.text);
  if (!report_.warnings.empty()) heading("Warnings");
  for (const WarningEvent& one : report_.warnings) paragraph("   ", one.text);
  if (report_.torn_lines > 0) {
    paragraph("   ",
              std::to_string(report_.torn_lines) + " torn lines of the journal were skipped");
  }
}

void Writer::environment(const std::string& folder) {
  line();
  const RunHeader& header = report_.header;
  char speed[32];
  std::snprintf(speed, sizeof speed, "%g", header.speed);
  const std::string where = header.scenario + ", speed " + speed + ", seed " +
                            std::to_string(header.seed) + ", " + header.kernel + ", " +
                            header.started_at;
  for (const std::string& one : wrapped(harmless(where), columns_ - 1)) {
    out_ += " " + inked(style_, Ink::dim, one) + "\n";
  }
  if (!folder.empty()) paragraph(" ", "journal: " + folder);
  if (!header.command.empty()) paragraph(" ", "again: " + header.command);
}

bool utf8_terminal() { return std::string_view{::nl_langinfo(CODESET)} == "UTF-8"; }

}  // namespace

std::string terminal_report(const RunReport& report, const TerminalOptions& options, int columns,
                            bool colour, bool unicode) {
  Writer writer{report, columns, {.colour = colour, .unicode = unicode}};
  if (!options.quiet) return writer.whole(options.folder);
  writer.verdict();
  return writer.take();
}

void print_report(const RunReport& report, const TerminalOptions& options) {
  const bool terminal = ::isatty(STDOUT_FILENO) == 1;
  winsize size{};
  int columns = 80;
  if (terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    columns = std::min<int>(size.ws_col, 140);
  }
  const bool colour = terminal && !options.plain && std::getenv("NO_COLOR") == nullptr;
  const std::string text =
      terminal_report(report, options, columns, colour, !terminal || utf8_terminal());
  std::fwrite(text.data(), 1, text.size(), stdout);
  std::fflush(stdout);
}

}  // namespace blackstart
