#include "cli/live.h"

#include <langinfo.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "blackstart/params.h"
#include "cli/live_frame.h"
#include "cli/outlet.h"
#include "core/plan.h"

namespace blackstart::cli {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenFrames = 200ms;
constexpr auto kBetweenHeartbeats = 10s;
constexpr auto kBetweenStateLines = 1s;  // of one probe, in plain lines

bool is_set(const char* variable) {
  const char* value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

bool is_dumb() {
  const char* term = std::getenv("TERM");
  return term == nullptr || std::string_view{term} == "dumb";
}

enum class Mode { nothing, line, lines, picture };

std::string_view phase_line(RunPhase phase) {
  switch (phase) {
    case RunPhase::preparing:
      return "getting ready";
    case RunPhase::baseline:
      return "baseline: learning what is normal";
    case RunPhase::timeline:
      return "the outage begins";
    case RunPhase::watching:
      return "all faults are lifted: watching the recovery";
    case RunPhase::ended:
      break;
  }
  return "ended";
}

std::string_view phase_word(RunPhase phase) {
  switch (phase) {
    case RunPhase::preparing:
      return "getting ready";
    case RunPhase::baseline:
      return "baseline";
    case RunPhase::timeline:
      return "outage";
    case RunPhase::watching:
      return "recovery";
    case RunPhase::ended:
      break;
  }
  return "ended";
}

}  // namespace

class LiveView::Impl {
 public:
  Impl(const Scenario& scenario, const Analysis& analysis, LiveOptions options)
      : scenario_{scenario}, analysis_{analysis} {
    const bool picture =
        outlet_.is_terminal() && !options.plain && !is_set("NO_COLOR") && !is_dumb();
    mode_ = options.quiet ? Mode::nothing : picture ? Mode::picture : Mode::lines;
    if (!options.line.empty()) mode_ = picture && !options.quiet ? Mode::line : Mode::nothing;
    line_ = std::move(options.line);
    style_ = {.colour = picture, .unicode = std::string_view{::nl_langinfo(CODESET)} == "UTF-8"};
    state_.latest.resize(scenario.probes.size());
    state_.expected = make_plan(scenario).shortest;
    said_.resize(scenario.probes.size());
    if (mode_ != Mode::picture) return;
    // What stands on the screen is scrolled away, not wiped out.
    const auto rows = static_cast<std::size_t>(outlet_.rows());
    outlet_.write("\x1b[?25l" + std::string(rows, '\n') + "\x1b[H\x1b[2J");
  }

  void on_event(const RunEvent& event) {
    std::visit([this](const auto& one) { learn(one); }, event);
  }

  void on_tick(RunTime now) {
    state_.now = now;
    if (mode_ == Mode::picture && now - drawn_ >= kBetweenFrames) draw();
    if (mode_ == Mode::line && now - drawn_ >= kBetweenFrames) draw_line();
    if (mode_ == Mode::lines && now - heard_ >= kBetweenHeartbeats) heartbeat();
    outlet_.flush();
  }

  // In plain lines the run's own note has said it.
  void ask(std::optional<RunTime> until) {
    state_.confirm_until = until;
    if (mode_ == Mode::picture) return draw();
    if (mode_ == Mode::line) return draw_line();
    if (!until || (mode_ == Mode::lines && outlet_.is_terminal())) return;
    std::fprintf(stderr, "%s\n", confirm_text(state_).c_str());
  }

  void close() {
    if (std::exchange(closed_, true)) return;
    if (mode_ == Mode::line) outlet_.write("\r\x1b[K");
    if (mode_ != Mode::picture) return;
    draw();
    outlet_.write("\n\x1b[?25h");
  }

 private:
  void learn(const RunHeader&) {}
  void learn(const Proof&) {}
  void learn(const EndEvent&) {}
  void learn(const PhaseEvent& phase) {
    state_.phase = phase.phase;
    if (phase.phase == RunPhase::timeline) state_.zero = phase.at;
    say(phase.at, std::string{phase_line(phase.phase)});
  }
  void learn(const FaultEdge& edge) {
    if (edge.on) {
      state_.in_force.insert(edge.entry);
    } else {
      state_.in_force.erase(edge.entry);
    }
    const Entry& entry = scenario_.timeline[edge.entry];
    say(edge.at, (edge.on ? "ON   " : "LIFT ") + entry.name +
                     (edge.on ? " (" + entry.fault->in_words() + ")" : ""));
  }
  void learn(const NoteEvent& note) {
    state_.notes.push_back(note.text);
    say(note.at, "note: " + note.text);
  }
  void learn(const WarningEvent& warning) {
    state_.notes.push_back("warning: " + warning.text);
    say(warning.at, "warning: " + warning.text);
  }
  void learn(const GuardEvent& guard) {
    state_.notes.push_back("guard: " + guard.text);
    say(guard.at, "guard: " + guard.text);
  }

  // A change of state is a line; a probe that flaps has one a second.
  void learn(const ProbeSample& sample) {
    auto& latest = state_.latest.at(sample.probe);
    Said& said = said_[sample.probe];
    const Outcome outcome = sample.result.outcome;
    if (outcome != said.outcome && sample.done - said.at >= kBetweenStateLines) {
      said = {outcome, sample.done};
      say(sample.done, scenario_.probes[sample.probe].name + ": " + std::string{name_of(outcome)} +
                           (outcome == Outcome::ok ? "" : ": " + sample.result.reason));
    }
    latest = sample;
  }

  void say(RunTime at, const std::string& text) {
    if (mode_ != Mode::lines) return;
    heard_ = at;
    outlet_.write(picture::right(style_, picture::short_duration(at.since_start), 8) + "  " +
                  picture::shown(style_, text) + "\n");
  }

  void heartbeat() {
    std::string text;
    for (std::size_t i = 0; i < state_.latest.size(); ++i) {
      if (!state_.latest[i]) continue;
      text += (text.empty() ? "" : ", ") + scenario_.probes[i].name + " " +
              std::string{name_of(state_.latest[i]->result.outcome)};
    }
    say(state_.now, text.empty() ? "still getting ready" : text);
  }

  // One write a frame: home, each line cleared behind its text, the rest of the screen cleared.
  void draw() {
    drawn_ = state_.now;
    const auto columns = static_cast<std::size_t>(outlet_.columns());
    const auto rows = static_cast<std::size_t>(outlet_.rows());
    std::string frame = "\x1b[?2026h\x1b[H";
    for (const char c :
         live_frame(analysis_.report(), state_, columns, rows > 1 ? rows - 1 : 1, style_)) {
      if (c == '\n') frame += "\x1b[K\r";
      frame += c;
    }
    outlet_.draw(frame + "\x1b[K\x1b[J\x1b[?2026l");
  }

  void draw_line() {
    drawn_ = state_.now;
    std::string text = " " + line_ + " " + std::string{phase_word(state_.phase)} + ", " +
                       picture::short_duration(state_.now.since_start);
    if (state_.confirm_until) text = " " + line_ + " " + confirm_text(state_);
    const auto columns = static_cast<std::size_t>(outlet_.columns());
    outlet_.draw("\r" + picture::cut(style_, text, columns - 1) + "\x1b[K");
  }

  struct Said {
    Outcome outcome = Outcome::ok;
    RunTime at{-kBetweenStateLines};
  };

  const Scenario& scenario_;
  const Analysis& analysis_;
  Outlet outlet_;
  Mode mode_ = Mode::nothing;
  picture::Style style_;
  std::string line_;
  LiveState state_;
  std::vector<Said> said_;
  RunTime drawn_, heard_;
  bool closed_ = false;
};

LiveView::LiveView(const Scenario& scenario, const Analysis& analysis, LiveOptions options)
    : impl_{std::make_unique<Impl>(scenario, analysis, options)} {}

LiveView::~LiveView() { close(); }

void LiveView::on_event(const RunEvent& event) { impl_->on_event(event); }
void LiveView::on_tick(RunTime now) { impl_->on_tick(now); }
void LiveView::ask(std::optional<RunTime> until) { impl_->ask(until); }
void LiveView::close() { impl_->close(); }

}  // namespace blackstart::cli
