#include "core/compare.h"

#include <algorithm>
#include <tuple>

namespace blackstart {
namespace {

using Kind = FigureChange::Kind;

Kind kind_of(const FigureChange& change) {
  if (least_p(change.runs_before, change.runs_now) >= kAlpha) return Kind::too_few;
  if (change.test.p >= kAlpha) return Kind::none_shown;
  const auto pairs = static_cast<double>(change.runs_before * change.runs_now);
  return change.test.u > pairs / 2.0 ? Kind::more : Kind::less;
}

FigureChange change_of(const Figure& figure, const std::vector<double>& before,
                       const std::vector<double>& now) {
  FigureChange change{&figure,
                      median_of(before),
                      median_of(now),
                      before.size(),
                      now.size(),
                      mann_whitney(now, before),
                      {}};
  change.kind = kind_of(change);
  return change;
}

void count(Kind kind, Comparison& all) {
  ++all.gating;
  all.slower = all.slower || kind == Kind::more;
  all.faster = all.faster || kind == Kind::less;
  all.too_few = all.too_few || kind == Kind::too_few;
}

std::vector<std::string> missing(std::span<const ProbeReport* const> from,
                                 std::span<const ProbeReport* const> in, const char* side) {
  std::vector<std::string> names;
  for (const ProbeReport* one : from) {
    if (std::ranges::find(in, one->name, &ProbeReport::name) == in.end()) {
      names.push_back(one->name + ": only in " + side);
    }
  }
  return names;
}

bool same_pulse(const Entry& a, const Entry& b) {
  if (!a.pulse || !b.pulse) return a.pulse.has_value() == b.pulse.has_value();
  return a.pulse->on == b.pulse->on && a.pulse->off == b.pulse->off;
}

bool same_fault(const Entry& a, const Entry& b) {
  return a.at == b.at && a.lasts == b.lasts && a.kind == b.kind && same_pulse(a, b) &&
         a.fault->in_words() == b.fault->in_words();
}

std::vector<const Entry*> faults_of(const Scenario& scenario) {
  std::vector<const Entry*> faults;
  for (const Entry& entry : scenario.timeline) {
    if (entry.fault) faults.push_back(&entry);
  }
  return faults;
}

bool same_timeline(const Scenario& a, const Scenario& b) {
  return std::ranges::equal(faults_of(a), faults_of(b), [](const Entry* one, const Entry* other) {
    return same_fault(*one, *other);
  });
}

// What makes two probes measure the same way; where they ask may differ.
auto look_of(const Scenario& scenario, std::size_t i) {
  const ProbeSpec& probe = scenario.probes[i];
  const auto objective = scenario.objectives.find(i);
  const Objective asked = objective == scenario.objectives.end() ? Objective{} : objective->second;
  return std::tuple{probe.name, probe.every, probe.timeout, probe.role, asked.normal.fraction()};
}

bool same_probes(const Scenario& a, const Scenario& b) {
  if (a.probes.size() != b.probes.size()) return false;
  for (std::size_t i = 0; i < a.probes.size(); ++i) {
    if (look_of(a, i) != look_of(b, i)) return false;
  }
  return true;
}

bool same_watch(const Watch& a, const Watch& b) {
  return a.baseline == b.baseline && a.hold == b.hold && a.limit == b.limit;
}

}  // namespace

std::optional<double> FigureChange::difference() const {
  if (before == kNever && now == kNever) return std::nullopt;
  return now - before;
}

std::string_view FigureChange::word() const {
  switch (kind) {
    case Kind::none_shown:
      return "no difference shown";
    case Kind::more:
      return figure->more;
    case Kind::less:
      return figure->less;
    case Kind::too_few:
      break;
  }
  return "too few runs to tell";
}

Comparison compare(std::span<const RunReport> before, std::span<const RunReport> now) {
  Comparison all;
  const auto old_probes = probes_of(before), new_probes = probes_of(now);
  all.only_in_one = missing(old_probes, new_probes, "OLD");
  std::ranges::copy(missing(new_probes, old_probes, "NEW"), std::back_inserter(all.only_in_one));
  for (const ProbeReport* probe : old_probes) {
    const auto found = std::ranges::find(new_probes, probe->name, &ProbeReport::name);
    if (found == new_probes.end()) continue;
    ProbeChange change{probe->name, (*found)->judged, {}};
    for (const Figure& figure : figures()) {
      const auto was = values_of(before, probe->name, figure);
      const auto is = values_of(now, probe->name, figure);
      if (was.empty() || is.empty()) continue;
      change.figures.push_back(change_of(figure, was, is));
      if (change.judged && figure.gates) count(change.figures.back().kind, all);
    }
    all.probes.push_back(std::move(change));
  }
  return all;
}

std::vector<std::string> differences(const Scenario& before, const Scenario& now) {
  std::vector<std::string> found;
  if (before.name != now.name) {
    found.push_back("the scenarios are '" + before.name + "' and '" + now.name + "'");
  }
  if (before.speed != now.speed) found.emplace_back("their speeds differ");
  if (!same_timeline(before, now)) found.emplace_back("their timelines differ");
  if (!same_watch(before.watch, now.watch)) found.emplace_back("their watch differs");
  if (!same_probes(before, now)) {
    found.emplace_back("their probes differ in name, role, every, timeout or normal");
  }
  return found;
}

}  // namespace blackstart
