#include "run/runner.h"

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <optional>
#include <set>

#include "blackstart/limits.h"
#include "blackstart/params.h"
#include "core/conductor.h"
#include "fault/enforcer.h"
#include "probe/host.h"
#include "probe/prober.h"
#include "run/front.h"
#include "run/place.h"
#include "run/readiness.h"
#include "run/stack.h"
#include "sys/clock.h"
#include "sys/fd.h"
#include "sys/signals.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using namespace std::chrono_literals;

constexpr auto kTick = 100ms;

class Runner {
 public:
  explicit Runner(RunSetup setup) : setup_{std::move(setup)}, conductor_{setup_.scenario} {}

  EndEvent run();

 private:
  const Scenario& scenario() const { return setup_.scenario; }

  void record(const RunEvent& event) { setup_.record(event); }
  void warn(const std::string& text) { record(WarningEvent{clock_.now(), text}); }

  void prepare_fronts();
  void guard_against_lock_out(const std::vector<std::uint32_t>& entries);
  void start_stack();
  void start_watching();
  void begin();
  void end(EndEvent::Why why, std::string text, int signal = 0);
  void end_after(const std::exception& error);
  void end_unready(std::string text);

  void watch_signals();
  void watch_stack();
  void beat();
  void tick();
  void advance();
  void advance_soon();
  void take_answer();

  Progress progress() const;
  void move_ramps();

  void carry_out(const SwitchTo& step);
  void carry_out(const SayNote& note) { record(NoteEvent{clock_.now(), note.text}); }
  void carry_out(const EnterPhase& phase);
  void carry_out(const TripGuard& guard) { record(GuardEvent{clock_.now(), guard.text}); }
  void carry_out(const AskToConfirm& question);
  void carry_out(const Finish& finish) { end(finish.why, finish.text, finish.signal); }
  Enforcer::Switched switch_front(Front& front, const SwitchTo& step);

  std::vector<RunEvent> lift_all(EndEvent& end);

  RunSetup setup_;
  MonotonicClock clock_;
  asio::io_context loop_{1};
  StopSignals signals_;
  Conductor conductor_;
  std::vector<Front> fronts_;
  std::unique_ptr<RunningStack> stack_;
  std::unique_ptr<ProbeHost> host_;
  std::unique_ptr<Readiness> readiness_;
  std::unique_ptr<Prober> prober_;
  std::vector<std::uint32_t> in_force_;
  std::set<std::uint32_t> touched_;  // entries that were ever on

  asio::posix::stream_descriptor signal_watch_{loop_};
  asio::posix::stream_descriptor stack_watch_{loop_};
  asio::steady_timer next_{loop_}, heartbeat_{loop_}, tick_{loop_};
  std::optional<RunTime> beaten_;
  bool advance_is_posted_ = false;
  std::optional<EndEvent> end_;
};

void Runner::prepare_fronts() {
  std::vector<Front> opened = open_fronts(loop_, clock_, setup_, conductor_.timeline());
  for (const Front& front : opened) guard_against_lock_out(front.may_lock_out);
  for (Front& front : opened) {
    front.enforcer->prepare();
    if (!scenario().stack) front.enforcer->connect();
    for (const std::string& warning : front.enforcer->warnings()) warn(warning);
    fronts_.push_back(std::move(front));
  }
}

void Runner::guard_against_lock_out(const std::vector<std::uint32_t>& entries) {
  if (entries.empty() || setup_.confirmation.needless) return;
  if (!setup_.confirmation.ask) {
    throw LockOut{"'" + scenario().timeline[entries.front()].name +
                  "' would hit your own way to this machine, and there is no terminal to ask "
                  "whether you are still there; nothing was injected\ntry: --i-am-local"};
  }
  conductor_.ask_to_confirm(entries);
}

EndEvent Runner::run() {
  record(setup_.header);
  record(PhaseEvent{clock_.now(), RunPhase::preparing});
  for (const Target& target : scenario().targets) {
    if (target.aws) record(NoteEvent{clock_.now(), target.name + ": " + target.aws->found});
  }
  prepare_fronts();
  watch_signals();
  try {
    begin();
    while (!end_) loop_.run_one();
  } catch (const std::exception& error) {
    end_after(error);
  }
  return *end_;
}

// Recording may be what failed (a full disk): then the end is returned, if not written.
void Runner::end_after(const std::exception& error) {
  const std::string text = error.what();
  try {
    end(EndEvent::Why::error, text);
  } catch (const std::exception&) {
    end_->why = EndEvent::Why::error;
    if (end_->text.find(text) == std::string::npos) end_->text = text;
  }
}

void Runner::begin() {
  Place place = open_place(scenario().where);
  host_ = std::make_unique<ProbeHost>(
      loop_, clock_, ProbePlace{std::move(place.netns), place.resolv_conf, place.hosts});
  beat();
  tick();
  if (scenario().stack) {
    start_stack();
  } else {
    start_watching();
  }
}

void Runner::start_stack() {
  stack_ = std::make_unique<RunningStack>(*scenario().stack, stack_log_path(setup_.out_dir));
  watch_stack();
  readiness_ =
      std::make_unique<Readiness>(*host_, *scenario().stack, [this](const std::string& why_not) {
        if (why_not.empty()) return start_watching();
        end_unready("the stack was not ready: " + why_not);
      });
}

void Runner::start_watching() {
  if (scenario().stack) {
    for (Front& front : fronts_) front.enforcer->connect();
  }
  const RunTime now = clock_.now();
  prober_ = std::make_unique<Prober>(*host_, scenario().probes, [this](ProbeSample sample) {
    record(sample);
    conductor_.on_sample(sample);
    advance_soon();
  });
  prober_->start(now);
  conductor_.start(now);
  advance();
}

// Not from within the prober's own call: the end of the run destroys it.
void Runner::advance_soon() {
  if (std::exchange(advance_is_posted_, true)) return;
  asio::post(loop_, [this] { advance(); });
}

void Runner::advance() {
  advance_is_posted_ = false;
  if (end_) return;
  for (;;) {
    const std::vector<Action> actions = conductor_.advance(clock_.now());
    if (actions.empty()) break;
    for (const Action& action : actions) {
      std::visit([this](const auto& one) { carry_out(one); }, action);
      if (end_) return;
    }
  }
  const auto deadline = conductor_.next_deadline();
  if (!deadline) return;
  next_.expires_at(asio::steady_timer::time_point{clock_.origin() + deadline->since_start});
  next_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped) advance();
  });
}

// The last phase is recorded by end(), once nothing is in force.
void Runner::carry_out(const EnterPhase& phase) {
  if (phase.phase != RunPhase::ended) record(PhaseEvent{clock_.now(), phase.phase});
}

void Runner::carry_out(const AskToConfirm& question) {
  if (question.until) {
    record(NoteEvent{clock_.now(), "still there? Press Enter within " +
                                       duration_text(limits::confirm_within) +
                                       " to keep the fault, or it lifts"});
  }
  setup_.confirmation.ask(question.until);
}

void Runner::take_answer() {
  if (!conductor_.awaits_confirmation() || !setup_.confirmation.answered()) return;
  record(NoteEvent{clock_.now(), "still there: the fault is kept"});
  conductor_.confirm();
  advance();
}

// How far each entry has come on its ramps: in a straight line over its whole time, pulses and all.
Progress Runner::progress() const {
  Progress out;
  const auto zero = conductor_.timeline_zero();
  if (!zero) return out;
  const Duration now = clock_.now() - *zero;
  for (std::uint32_t i = 0; i < scenario().timeline.size(); ++i) {
    const Timeline::Extent extent = conductor_.timeline().extent(i);
    if (!scenario().timeline[i].fault || extent.to <= extent.from) continue;
    const double part = seconds_of(now - extent.from) / seconds_of(extent.to - extent.from);
    out[i] = std::clamp(part, 0.0, 1.0);
  }
  return out;
}

void Runner::move_ramps() {
  const Progress now = progress();
  for (Front& front : fronts_) front.enforcer->set_progress(now);
}

// Each namespace is switched in one transaction; where there are several, one after another.
void Runner::carry_out(const SwitchTo& step) {
  std::optional<RunTime> asked;
  RunTime at = clock_.now();
  std::vector<RunEvent> events;
  move_ramps();
  for (Front& front : fronts_) {
    const auto changed = [&](const SwitchTo::Change& change) {
      return front.has_entry(change.entry);
    };
    if (std::ranges::none_of(step.changes, changed)) continue;
    const Enforcer::Switched done = switch_front(front, step);
    asked = asked.value_or(done.asked);
    at = done.at;
    for (const SwitchTo::Change& change : step.changes) {
      if (!changed(change)) continue;
      if (change.on) touched_.insert(change.entry);
      events.push_back(FaultEdge{change.entry, change.on, change.due, done.asked, done.at,
                                 done.sent, done.acknowledged});
    }
    for (const std::string& warning : done.warnings) {
      events.push_back(WarningEvent{done.at, warning});
    }
  }
  in_force_ = step.in_force;
  conductor_.on_switched(asked.value_or(at), at);
  for (const RunEvent& event : events) record(event);
}

Enforcer::Switched Runner::switch_front(Front& front, const SwitchTo& step) {
  std::vector<std::uint32_t> here;
  std::ranges::copy_if(step.in_force, std::back_inserter(here),
                       [&](std::uint32_t entry) { return front.has_entry(entry); });
  return front.enforcer->switch_to(here);
}

// Renewing comes first, so that a slow disk or terminal costs no heartbeat.
void Runner::beat() {
  for (Front& front : fronts_) front.enforcer->beat();
  const RunTime now = clock_.now();
  if (beaten_ && now - *beaten_ >= limits::heartbeat_timeout) {
    warn("the heartbeat was " +
         duration_text(std::chrono::milliseconds{(now - *beaten_) / std::chrono::milliseconds{1}}) +
         " late: the kernel had lifted every fault meanwhile");
  }
  beaten_ = now;
  heartbeat_.expires_after(limits::heartbeat_interval);
  heartbeat_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped && !end_) beat();
  });
}

void Runner::tick() {
  if (setup_.tick) setup_.tick(clock_.now());
  if (!in_force_.empty()) move_ramps();
  take_answer();
  tick_.expires_after(kTick);
  tick_.async_wait([this](const boost::system::error_code& stopped) {
    if (!stopped && !end_) tick();
  });
}

void Runner::watch_signals() {
  signal_watch_.assign(duplicate(signals_.fd()).release());
  signal_watch_.async_wait(asio::posix::stream_descriptor::wait_read,
                           [this](const boost::system::error_code& stopped) {
                             if (stopped || end_) return;
                             const auto signal = signals_.take();
                             if (!signal) return;
                             conductor_.interrupt(*signal);
                             advance();
                           });
}

// One line of what it said: the log beside the journal has them all.
void Runner::end_unready(std::string text) {
  std::string said = stack_->last_output();
  said.erase(said.find_last_not_of(" \r\n") + 1);
  said.erase(0, said.rfind('\n') + 1);
  if (!said.empty()) text += "; the last that it said: " + said;
  end(EndEvent::Why::stack_not_ready, std::move(text));
}

// A stack that ends while it is watched may be the very thing a fault does to it.
void Runner::watch_stack() {
  stack_watch_.assign(duplicate(stack_->exit_fd()).release());
  stack_watch_.async_wait(
      asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& stopped) {
        if (stopped || end_) return;
        const auto status = stack_->poll();
        if (!status) return;
        const std::string text = "the stack's start command ended: " + to_text(*status);
        if (prober_ || status->ok()) return warn(text);
        end_unready(text);
      });
}

// First the kernel, then the paper: what happened is recorded once nothing is in force.
std::vector<RunEvent> Runner::lift_all(EndEvent& end) {
  std::vector<RunEvent> happened;
  for (Front& front : fronts_) {
    const RunTime due = clock_.now();
    try {
      const Enforcer::Switched done = front.enforcer->switch_to({});
      for (const std::uint32_t entry : front.entries) {
        if (std::ranges::find(in_force_, entry) == in_force_.end()) continue;
        happened.push_back(
            FaultEdge{entry, false, due, done.asked, done.at, done.sent, done.acknowledged});
      }
      for (const std::uint32_t entry : touched_) {
        if (!front.has_entry(entry)) continue;
        Proof proof = front.enforcer->proof(entry);
        proof.entry = entry;
        happened.push_back(std::move(proof));
      }
    } catch (const std::exception& error) {  // the tables are gone, and so the faults with them
      happened.push_back(WarningEvent{clock_.now(), error.what()});
    }
    for (const std::string& left : front.enforcer->release()) {
      end.cleaned_up = false;
      end.text += (end.text.empty() ? "" : "; ") + left;
    }
  }
  in_force_.clear();
  return happened;
}

void Runner::end(EndEvent::Why why, std::string text, int signal) {
  EndEvent end{.at = {}, .why = why, .signal = signal, .text = std::move(text)};
  const std::vector<RunEvent> happened = lift_all(end);
  next_.cancel();
  heartbeat_.cancel();
  tick_.cancel();
  prober_.reset();
  readiness_.reset();
  host_.reset();
  stack_.reset();
  end.at = clock_.now();
  end_ = end;
  for (const RunEvent& event : happened) record(event);
  record(PhaseEvent{end.at, RunPhase::ended});
  record(end);
}

}  // namespace

EndEvent run(RunSetup setup) { return Runner{std::move(setup)}.run(); }

}  // namespace blackstart
