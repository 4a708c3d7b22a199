#include "cli/live_frame.h"

#include <algorithm>
#include <cstdio>

namespace blackstart::cli {
namespace {

using namespace picture;

constexpr std::size_t kNameColumns = 18;
constexpr std::size_t kWordColumns = 22;  // the state and the latest latency behind a strip
constexpr std::size_t kNotesShown = 2;

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
    if (rows_ >= 16) add("");
  }
  std::size_t strip_columns() const { return columns_ - kNameColumns - kWordColumns - 3; }
  bool lifted() const { return report_.last_lift && state_.in_force.empty(); }

  // The incident's own time: scenario time, held at the end of the timeline.
  Duration incident_now() const {
    if (!state_.zero) return {};
    const double scaled =
        static_cast<double>((state_.now - *state_.zero).count()) * report_.scenario.speed;
    return std::min(Duration{static_cast<std::int64_t>(scaled)},
                    report_.scenario.timeline_length());
  }

  void head() {
    const std::string keys = "Ctrl-C lifts everything";
    const std::size_t room = columns_ - keys.size() - 3;
    add(" " + inked(style_, Ink::bold, left(style_, harmless(report_.scenario.title), room)) + " " +
        inked(style_, Ink::dim, keys));
  }

  void clocks() {
    char speed[32];
    std::snprintf(speed, sizeof speed, "%g", report_.scenario.speed);
    std::string text = phase_text();
    if (state_.zero) text += "   incident +" + short_duration(incident_now());
    text += "   real " + short_duration(state_.now.since_start) + "   speed " + speed;
    add(" " + cut(style_, text, columns_ - 1));
  }

  std::string phase_text() const {
    switch (state_.phase) {
      case RunPhase::preparing:
        return "getting ready";
      case RunPhase::baseline:
        return "baseline: what is normal";
      case RunPhase::timeline:
        return "the outage";
      case RunPhase::watching:
        return "lifted: how long until it is well?";
      case RunPhase::ended:
        break;
    }
    return "ended";
  }

  void in_force() {
    if (state_.in_force.empty()) {
      std::string text = "nothing is in force";
      if (lifted()) {
        text = "lifted " + short_duration(state_.now - *report_.last_lift) + " ago";
      }
      return add(" " + inked(style_, lifted() ? Ink::good : Ink::dim, text));
    }
    for (const std::uint32_t entry : state_.in_force) {
      const std::string mark = style_.unicode ? "▶ " : "> ";
      add(" " +
          inked(style_, Ink::fault,
                mark + cut(style_, harmless(report_.scenario.timeline[entry].name), columns_ - 4)));
    }
  }

  void next() {
    const Duration now = incident_now();
    const auto& timeline = report_.scenario.timeline;
    const auto coming = std::ranges::find_if(timeline, [&](const Entry& entry) {
      return entry.fault && (!state_.zero || entry.at > now);
    });
    if (coming == timeline.end()) return add("");
    std::string text = "next: " + harmless(coming->name);
    if (state_.zero) {
      const double left_s = seconds_of(coming->at - now) / report_.scenario.speed;
      text += " in " + short_duration(std::chrono::seconds{static_cast<std::int64_t>(left_s) + 1});
    }
    add("   " + inked(style_, Ink::dim, cut(style_, text, columns_ - 4)));
  }

  void notes() {
    const std::size_t shown = std::min(kNotesShown, state_.notes.size());
    for (std::size_t i = state_.notes.size() - shown; i < state_.notes.size(); ++i) {
      add("   " + cut(style_, harmless(state_.notes[i]), columns_ - 4));
    }
    for (std::size_t i = shown; i < kNotesShown; ++i) add("");  // so that nothing jumps
  }

  void strips() {
    if (report_.probes.empty()) return;
    const Window window{report_.probes.front().strip.from,
                        std::max(state_.now, report_.probes.front().strip.from + expected_run())};
    std::vector<FaultSpan> spans;
    for (const FaultReport& fault : report_.faults) {
      for (FaultSpan span : fault.spans) spans.push_back(span);
    }
    add(" " + left(style_, "fault", kNameColumns) + " " +
        band_row(style_, spans, window, strip_columns()));
    const std::size_t room = rows_ > lines_.size() + 3 ? rows_ - lines_.size() - 3 : 1;
    const std::size_t shown = std::min(report_.probes.size(), room);
    for (std::size_t i = 0; i < shown; ++i) strip(i, window);
    if (shown < report_.probes.size()) {
      add("   and " + std::to_string(report_.probes.size() - shown) + " more probes");
    }
  }

  Duration expected_run() const { return state_.expected; }

  void strip(std::size_t index, Window window) {
    const ProbeReport& probe = report_.probes[index];
    const std::optional<ProbeSample>& latest = state_.latest[index];
    const std::string_view word = state_word(probe, latest, lifted());
    const Ink ink = word == "LYING" ? Ink::worst : word == "failing" ? Ink::bad : Ink::good;
    std::string figure;
    if (probe.wrong > 0) {
      figure = std::to_string(probe.wrong) + " wrong";
    } else if (latest && latest->result.outcome == Outcome::ok) {
      figure = short_duration(latest->done - latest->due);
    } else if (probe.failed > 0) {
      figure = std::to_string(probe.failed) + " failed";
    }
    add(" " + left(style_, harmless(probe.name), kNameColumns) + " " +
        strip_row(style_, probe.strip, window, strip_columns()) + " " +
        inked(style_, ink, left(style_, word, 9)) + right(style_, figure, kWordColumns - 10));
  }

  void bar() {
    const double share = state_.expected.count() == 0
                             ? 0.0
                             : seconds_of(state_.now.since_start) / seconds_of(state_.expected);
    const double shown = state_.phase == RunPhase::ended ? 1.0 : std::min(share, 0.99);
    char percent[16];
    std::snprintf(percent, sizeof percent, "%3.0f%%", shown * 100.0);
    add(" " + progress_bar(style_, shown, columns_ - 8) + " " + percent);
  }

  const RunReport& report_;
  const LiveState& state_;
  std::size_t columns_, rows_;
  const Style& style_;
  std::vector<std::string> lines_;
};

}  // namespace

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
  return Frame{report, state, std::max<std::size_t>(columns, 60), rows, style}.draw();
}

}  // namespace blackstart::cli
