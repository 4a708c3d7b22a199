#pragma once

// Scenarios made in a few words, for tests of what is done with them.

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/scenario.h"

namespace blackstart::test {

class PlainFault final : public Fault {
 public:
  explicit PlainFault(Needs needs = Needs::owned_tables, std::optional<Duration> ttl_cap = {})
      : needs_{needs}, ttl_cap_{ttl_cap} {}

  Needs needs(const Target&) const override { return needs_; }
  std::string in_words() const override { return "drop everything"; }
  std::optional<Duration> ttl_cap() const override { return ttl_cap_; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler&) const override {}

 private:
  Needs needs_;
  std::optional<Duration> ttl_cap_;
};

inline Entry fault_entry(std::string name, Duration at, std::optional<Duration> lasts = {},
                         std::optional<Pulse> pulse = {}) {
  Entry entry;
  entry.name = std::move(name);
  entry.at = at;
  entry.lasts = lasts;
  entry.kind = "partition";
  entry.fault = std::make_shared<PlainFault>();
  entry.pulse = pulse;
  return entry;
}

inline Entry note_entry(std::string text, Duration at) {
  Entry entry;
  entry.note = std::move(text);
  entry.at = at;
  return entry;
}

inline ProbeSpec probe(std::string name, Duration every = std::chrono::milliseconds{100},
                       Role role = Role::judged) {
  ProbeSpec spec;
  spec.name = std::move(name);
  spec.every = every;
  spec.role = role;
  return spec;
}

// One target, no baseline, a hold of 2 s and a limit of 30 s.
inline Scenario scenario_of(std::vector<Entry> timeline, std::vector<ProbeSpec> probes = {}) {
  Scenario scenario;
  scenario.name = "rehearsal";
  scenario.targets.resize(1);
  scenario.targets[0].name = "db";
  scenario.timeline = std::move(timeline);
  scenario.probes = std::move(probes);
  scenario.watch = {
      .baseline = {}, .hold = std::chrono::seconds{2}, .limit = std::chrono::seconds{30}};
  return scenario;
}

}  // namespace blackstart::test
