#include "cli/live_frame.h"

#include <algorithm>
#include <cstdio>

#include "blackstart/limits.h"

namespace blackstart::cli {
namespace {

using namespace picture;
using namespace std::chrono_literals;

constexpr std::size_t kWordColumns = 9;     // " waiting "
constexpr std::size_t kFigureColumns = 12;  // "1234 wrong"
constexpr std::size_t kInForceShown = 3;
constexpr std::size_t kNotesShown = 2;
constexpr std::size_t kRoomyRows = 16;  // from here on there are blank lines
constexpr auto kRecently = 5s;          // of what the share of errors is told

// Below these nothing is drawn but lines of text, cut.
constexpr std::size_t kColumnsMin = 50;
constexpr std::size_t kRowsMin = 8;

std::string counted(std::uint64_t count, const char* what) {
  return std::to_string(count) + " " + what;
}

// The share of samples that were not ok of late.
std::optional<double> errors_lately(const Strip& strip, RunTime now) {
  StripBin sum;
  for (std::size_t i = 0; i < strip.bins.size(); ++i) {
    const RunTime end = strip.from + strip.width * static_cast<std::int64_t>(i + 1);
    if (end + kRecently < now) continue;
    sum.ok += strip.bins[i].ok;
    sum.failed += strip.bins[i].failed;
    sum.wrong += strip.bins[i].wrong;
  }
  if (sum.count() == 0) return std::nullopt;
  return static_cast<double>(sum.failed + sum.wrong) / static_cast<double>(sum.count());
}

class Frame {
 public:
  Frame(const RunReport& report, const LiveState& state, std::size_t columns, std::size_t rows,
        const Style& style)
      : report_{report}, state_{state}, columns_{columns}, rows_{rows}, style_{style} {}

  std::string draw() {
    head();
    clocks();
    blank();
    in_force();
    next();
    blank();
    notes();
    blank();
    strips();
    blank();
    bar();
    std::string text;
    for (std::size_t i = 0; i < std::min(rows_, lines_.size()); ++i) {
      text += (i == 0 ? "" : "\n") + lines_[i];
    }
    return text;
  }

 private:
  void add(std::string line) { lines_.push_back(std::move(line)); }
  void blank() {
    if (rows_ >= kRoomyRows) add("");
  }
  std::string safe(std::string_view text) const { return shown(style_, text); }
  std::size_t name_columns() const { return columns_ >= 72 ? 18 : 10; }
  std::size_t strip_columns() const {
    return columns_ - name_columns() - kWordColumns - kFigureColumns - 3;
  }
  bool lifted() const { return report_.last_lift && state_.in_force.empty(); }

  // The incident's own time: scenario time, held at the end of the timeline.
  Duration incident_now() const {
    if (!state_.zero) return {};
    const double scaled =
        static_cast<double>((state_.now - *state_.zero).count()) * report_.scenario.speed;
    return std::min(Duration{static_cast<std::int64_t>(scaled)},
                    report_.scenario.timeline_length());
  }

  void head();
  void clocks();
  std::string phase_text() const;
  void in_force();
  void next();
  void notes();
  void strips();
  void strip(const ProbeReport& probe, const std::optional<ProbeSample>& latest, Window window,
             Duration most, bool tall);
  std::string figure(const ProbeReport& probe) const;
  void bar();

  const RunReport& report_;
  const LiveState& state_;
  std::size_t columns_, rows_;
  const Style& style_;
  std::vector<std::string> lines_;
};

void Frame::head() {
  const std::string keys = "Ctrl-C lifts everything";
  const std::size_t room = columns_ - keys.size() - 3;
  add(" " + inked(style_, Ink::bold, left(style_, safe(report_.scenario.title), room)) + " " +
      inked(style_, Ink::dim, keys));
}

void Frame::clocks() {
  char speed[32];
  std::snprintf(speed, sizeof speed, "%g", report_.scenario.speed);
  std::string text = phase_text();
  if (state_.zero) text += "   incident +" + short_duration(incident_now());
  const auto whole = std::chrono::floor<std::chrono::seconds>(state_.now.since_start);
  text += "   real " + short_duration(whole) + "   speed " + speed;
  add(" " + cut(style_, text, columns_ - 1));
}

std::string Frame::phase_text() const {
  switch (state_.phase) {
    case RunPhase::preparing:
      return "getting ready";
    case RunPhase::baseline:
      return "baseline: what is normal";
    case RunPhase::timeline:
      return "the outage";
    case RunPhase::watching:
      return "the recovery";
    case RunPhase::ended:
      break;
  }
  return "ended";
}

// What holds now, or the stopwatch that runs from the lift.
void Frame::in_force() {
  if (state_.in_force.empty()) {
    if (!lifted()) return add(" " + inked(style_, Ink::dim, "nothing is in force"));
    const auto since = std::chrono::floor<std::chrono::seconds>(state_.now - *report_.last_lift);
    const std::string mark = style_.unicode ? "■" : "*";
    const std::string question = state_.phase == RunPhase::ended ? "" : ": who is back?";
    const std::string text = mark + " lifted " + short_duration(since) + " ago" + question;
    return add(" " + badge(style_, Ink::good, text, columns_ - 1));
  }
  std::size_t told = 0;
  for (const std::uint32_t entry : state_.in_force) {
    if (entry >= report_.scenario.timeline.size()) continue;
    if (told++ == kInForceShown) {
      return add("   " + counted(state_.in_force.size() - kInForceShown, "more in force"));
    }
    const std::string mark = style_.unicode ? "▶ " : "> ";
    add(" " + badge(style_, Ink::fault, mark + safe(report_.scenario.timeline[entry].name),
                    columns_ - 1));
  }
}

void Frame::next() {
  if (state_.confirm_until) {
    return add(" " + badge(style_, Ink::worst, confirm_text(state_), columns_ - 1));
  }
  const Duration now = incident_now();
  const auto& timeline = report_.scenario.timeline;
  const auto coming = std::ranges::find_if(timeline, [&](const Entry& entry) {
    return entry.fault && (!state_.zero || entry.at > now);
  });
  if (coming == timeline.end()) return add("");
  std::string text;
  if (state_.zero) {
    const double wait = seconds_of(coming->at - now) / report_.scenario.speed;
    text = " in " + short_duration(std::chrono::seconds{static_cast<std::int64_t>(wait) + 1});
  }
  const std::string title = "next" + text + ": " + safe(coming->name);
  add("   " + inked(style_, Ink::dim, cut(style_, title, columns_ - 3)));
}

void Frame::notes() {
  if (rows_ < kRoomyRows) return;
  const std::size_t told = std::min(kNotesShown, state_.notes.size());
  for (std::size_t i = state_.notes.size() - told; i < state_.notes.size(); ++i) {
    add("   " + cut(style_, safe(state_.notes[i]), columns_ - 3));
  }
  for (std::size_t i = told; i < kNotesShown; ++i) add("");  // so that nothing jumps
}

void Frame::strips() {
  if (report_.probes.empty()) return;
  const RunTime from = report_.probes.front().strip.from;
  const Window window{from, std::max(state_.now, from + state_.expected)};
  std::vector<FaultSpan> spans;
  Duration most{};
  for (const FaultReport& fault : report_.faults) {
    spans.insert(spans.end(), fault.spans.begin(), fault.spans.end());
  }
  for (const ProbeReport& probe : report_.probes) {
    for (const StripBin& bin : probe.strip.bins) most = std::max(most, bin.latency_mean());
  }
  add(" " + left(style_, "fault", name_columns()) + " " +
      band_row(style_, spans, window, strip_columns()));

  const std::size_t below = rows_ >= kRoomyRows ? 3 : 1;  // the axis, a blank line, the bar
  const std::size_t room = rows_ > lines_.size() + below ? rows_ - lines_.size() - below : 1;
  const std::size_t probes = report_.probes.size();
  const bool tall = 2 * probes <= room;
  const std::size_t told = probes <= room ? probes : std::max<std::size_t>(room, 2) - 1;
  for (std::size_t i = 0; i < told; ++i) {
    const auto latest = i < state_.latest.size() ? state_.latest[i] : std::nullopt;
    strip(report_.probes[i], latest, window, most, tall);
  }
  if (told < probes) add("   and " + counted(probes - told, "more probes"));
  if (rows_ < kRoomyRows) return;
  const Axis axis{.zero = state_.zero.value_or(from)};
  add(" " + left(style_, "", name_columns()) + " " +
      inked(style_, Ink::dim, axis_row(axis, window, strip_columns())));
}

// A probe's line and, where there is room for two, its latency below.
void Frame::strip(const ProbeReport& probe, const std::optional<ProbeSample>& latest, Window window,
                  Duration most, bool tall) {
  const std::string_view word = state_word(probe, latest, lifted());
  const Ink ink = word == "LYING"     ? Ink::worst
                  : word == "failing" ? Ink::bad
                  : word == "waiting" ? Ink::plain
                                      : Ink::good;
  const bool ok = latest && latest->result.outcome == Outcome::ok;
  const std::string speed = ok ? short_duration(latest->done - latest->due) : "";
  const std::string told = figure(probe);
  add(" " + left(style_, safe(probe.name), name_columns()) + " " +
      strip_row(style_, probe.strip, window, strip_columns()) + " " +
      badge(style_, ink, word, kWordColumns) +
      right(style_, tall || !told.empty() ? told : speed, kFigureColumns));
  if (!tall) return;
  std::string share;
  const auto errors = errors_lately(probe.strip, state_.now);
  if (errors && *errors > 0.0) {
    char text[24];
    std::snprintf(text, sizeof text, "%.0f%% bad", std::max(*errors * 100.0, 1.0));
    share = text;
  }
  add(std::string(name_columns() + 2, ' ') +
      latency_row(style_, probe.strip, window, strip_columns(), most) + " " +
      left(style_, " " + share, kWordColumns) + right(style_, speed, kFigureColumns));
}

// What is worth knowing most: when it came back, else what it did.
std::string Frame::figure(const ProbeReport& probe) const {
  if (lifted() && probe.first_impact && probe.recovered) {
    return "after " + short_duration(*probe.recovered);
  }
  if (probe.wrong > 0) return counted(probe.wrong, "wrong");
  return probe.failed > 0 ? counted(probe.failed, "failed") : "";
}

void Frame::bar() {
  const double share = state_.expected.count() == 0
                           ? 0.0
                           : seconds_of(state_.now.since_start) / seconds_of(state_.expected);
  const double done = state_.phase == RunPhase::ended ? 1.0 : std::min(share, 0.99);
  char percent[16];
  std::snprintf(percent, sizeof percent, "%3.0f%%", done * 100.0);
  add(" " + progress_bar(style_, done, columns_ - 6) + " " + percent);
}

// On a screen too small for the picture: its lines as far as they go.
std::string squeezed(const std::string& frame, std::size_t columns, std::size_t rows) {
  std::string out;
  std::string_view rest = frame;
  for (std::size_t row = 0; row < rows && !rest.empty(); ++row) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
    out += (row == 0 ? "" : "\n") + cut({.colour = false, .unicode = false}, line, columns);
  }
  return out;
}

}  // namespace

std::string confirm_text(const LiveState& state) {
  const auto left = std::chrono::ceil<std::chrono::seconds>(*state.confirm_until - state.now);
  return "still there? press Enter within " +
         short_duration(std::clamp(left, 0s, limits::confirm_within)) + ", or all is lifted";
}

std::string_view state_word(const ProbeReport& probe, const std::optional<ProbeSample>& latest,
                            bool lifted) {
  if (!latest) return "waiting";
  switch (latest->result.outcome) {
    case Outcome::wrong:
      return "LYING";
    case Outcome::failed:
      return "failing";
    case Outcome::ok:
      break;
  }
  return lifted && probe.first_impact ? "back" : "normal";
}

std::string live_frame(const RunReport& report, const LiveState& state, std::size_t columns,
                       std::size_t rows, const picture::Style& style) {
  if (columns >= kColumnsMin && rows >= kRowsMin) {
    return Frame{report, state, columns, rows, style}.draw();
  }
  const Style plain{.colour = false, .unicode = style.unicode};
  const std::size_t wide = std::max(columns, kColumnsMin);
  return squeezed(Frame{report, state, wide, std::max(rows, kRowsMin), plain}.draw(), columns,
                  rows);
}

}  // namespace blackstart::cli
