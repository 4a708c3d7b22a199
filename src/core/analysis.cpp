#include "core/analysis.h"

#include <algorithm>
#include <utility>

#include "core/fault_tally.h"
#include "core/probe_tally.h"
#include "core/timer_audit.h"
#include "core/verdict.h"

namespace blackstart {
namespace {

// A journal may hold any number; a report is read by people.
constexpr std::size_t kTextsMax = 1'000;

template <class T>
void keep(std::vector<T>& kept, const T& event) {
  if (kept.size() < kTextsMax) kept.push_back(event);
}

}  // namespace

struct Analysis::State {
  RunReport report;  // what needs nothing but keeping
  std::vector<ProbeTally> probes;
  FaultTally faults;
  RunTime latest;

  explicit State(Scenario scenario) : faults{scenario} {
    for (std::size_t i = 0; i < scenario.probes.size(); ++i) probes.emplace_back(scenario, i);
    report.timers = audit_timers(scenario);
    report.scenario = std::move(scenario);
  }

  void reached(RunTime at) { latest = std::max(latest, at); }

  void add(const RunHeader& header) { report.header = header; }
  void add(const PhaseEvent& event) {
    reached(event.at);
    keep(report.phases, event);
  }
  void add(const ProbeSample& sample) {
    if (sample.probe >= probes.size()) return;
    reached(sample.done);
    probes[sample.probe].on_sample(sample);
  }
  void add(const FaultEdge& edge) {
    reached(edge.at);
    const FaultTally::Change change = faults.on_edge(edge);
    if (change == FaultTally::Change::none) return;
    const bool in_force = change == FaultTally::Change::first_came;
    for (ProbeTally& probe : probes) probe.on_faults(in_force, edge.asked, edge.at);
  }
  void add(const Proof& proof) { faults.on_proof(proof); }
  void add(const NoteEvent& event) {
    reached(event.at);
    keep(report.notes, event);
  }
  void add(const WarningEvent& event) {
    reached(event.at);
    keep(report.warnings, event);
  }
  void add(const GuardEvent& event) { reached(event.at); }
  void add(const EndEvent& event) {
    reached(event.at);
    report.end = event;
  }

  void add_probes(RunReport& out, std::string& control_moved) const {
    const Scenario& scenario = report.scenario;
    const Duration fault_length =
        out.first_on && out.last_lift ? *out.last_lift - *out.first_on : Duration::zero();
    for (std::size_t i = 0; i < probes.size(); ++i) {
      const RecoveryFigures figures = probes[i].figures(*out.ended);
      ProbeReport probe = probes[i].report(figures);
      const auto objective = scenario.objectives.find(i);
      judge_probe(probe, figures,
                  objective == scenario.objectives.end() ? nullptr : &objective->second,
                  scenario.watch, fault_length, out.end);
      if (probe.role == Role::control && figures.left_normal && control_moved.empty()) {
        control_moved = probe.name;
      }
      out.probes.push_back(std::move(probe));
    }
  }
};

Analysis::Analysis(Scenario scenario) : state_{std::make_unique<State>(std::move(scenario))} {}
Analysis::~Analysis() = default;
Analysis::Analysis(Analysis&&) noexcept = default;
Analysis& Analysis::operator=(Analysis&&) noexcept = default;

void Analysis::add(const RunEvent& event) {
  std::visit([this](const auto& of_kind) { state_->add(of_kind); }, event);
}

RunReport Analysis::report() const {
  RunReport out = state_->report;
  out.first_on = state_->faults.first_on();
  out.last_lift = state_->faults.last_lift();
  out.ended = out.end ? out.end->at : state_->latest;
  out.faults = state_->faults.reports(out.header.engine, *out.ended);
  std::string control_moved;
  state_->add_probes(out, control_moved);
  judge_run(out, control_moved);
  return out;
}

}  // namespace blackstart
