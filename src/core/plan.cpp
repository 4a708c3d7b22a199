#include "core/plan.h"

#include <algorithm>
#include <map>

#include "blackstart/params.h"
#include "core/timeline.h"

namespace blackstart {
namespace {

bool pulses(const Timeline& timeline, std::uint32_t entry) {
  const Timeline::Extent extent = timeline.extent(entry);
  return timeline.state(entry, extent.from).until != extent.to;
}

std::string lasting(const Scenario& scenario, const Entry& entry) {
  const Duration length = entry.lasts.value_or(scenario.timeline_length() - entry.at);
  std::string text = "for " + duration_text(length);
  if (!entry.lasts) text += ", to the end of the timeline";
  if (entry.pulse) {
    text += ", pulsing " + duration_text(entry.pulse->on) + " on, " +
            duration_text(entry.pulse->off) + " off";
  }
  return text;
}

// Steps by instant in real time: entries that meet there are switched together.
class Steps {
 public:
  explicit Steps(const Scenario& scenario) : scenario_{&scenario}, timeline_{scenario} {}

  void add(std::uint32_t index) {
    const Entry& entry = scenario_->timeline[index];
    const Timeline::Extent extent = timeline_.extent(index);
    if (!entry.fault) {
      at(extent.from, entry.at).notes.push_back(index);
      return;
    }
    at(extent.from, entry.at).step.on.push_back(index);
    const Duration end = entry.lasts ? entry.at + *entry.lasts : scenario_->timeline_length();
    at(extent.to, end).step.off.push_back(index);
  }

  std::vector<PlanStep> finish() {
    std::vector<PlanStep> out;
    for (auto& [real, made] : steps_) {
      for (const std::uint32_t entry : made.step.off) {
        made.step.lines.push_back("lift '" + scenario_->timeline[entry].name + "'");
      }
      for (const std::uint32_t entry : made.step.on) made.step.lines.push_back(start(entry));
      for (const std::uint32_t entry : made.notes) {
        made.step.lines.push_back("note: " + scenario_->timeline[entry].note);
      }
      out.push_back(std::move(made.step));
    }
    return out;
  }

 private:
  struct Made {
    PlanStep step;
    std::vector<std::uint32_t> notes;
  };

  Made& at(Duration real, Duration incident) {
    const auto [made, fresh] = steps_.try_emplace(real);
    if (fresh) {
      made->second.step.real = real;
      made->second.step.incident = incident;
    }
    return made->second;
  }

  std::string start(std::uint32_t entry) const {
    const std::string again = pulses(timeline_, entry) ? " (again and again)" : "";
    return "start '" + scenario_->timeline[entry].name + "'" + again + ": " +
           entry_in_words(*scenario_, entry);
  }

  const Scenario* scenario_;
  Timeline timeline_;
  std::map<Duration, Made> steps_;
};

}  // namespace

std::string entry_in_words(const Scenario& scenario, std::size_t entry) {
  const Entry& what = scenario.timeline.at(entry);
  if (!what.fault) return what.note;
  std::string text = what.fault->in_words();
  if (what.target < scenario.targets.size()) text += ", " + scenario.targets[what.target].name;
  return text + ", " + lasting(scenario, what);
}

Plan make_plan(const Scenario& scenario) {
  Plan plan;
  Steps steps{scenario};
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    steps.add(i);
    const Entry& entry = scenario.timeline[i];
    if (!entry.fault || entry.target >= scenario.targets.size()) continue;
    plan.needs |= entry.fault->needs(scenario.targets[entry.target]);
  }
  plan.steps = steps.finish();
  plan.incident_length = scenario.timeline_length();
  plan.real_length = Timeline{scenario}.length();
  const Duration before = scenario.watch.baseline + plan.real_length;
  plan.shortest = before + std::min(scenario.watch.hold, scenario.watch.limit);
  plan.longest = before + scenario.watch.limit;
  return plan;
}

}  // namespace blackstart
