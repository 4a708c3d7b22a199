#include "run/front.h"

#include <algorithm>
#include <map>
#include <utility>

#include "fault/compiler.h"
#include "fault/operator_session.h"
#include "run/names_now.h"

namespace blackstart {
namespace {

std::map<Where, std::vector<std::uint32_t>> entries_by_place(const Scenario& scenario) {
  std::map<Where, std::vector<std::uint32_t>> out;
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    const Entry& entry = scenario.timeline[i];
    if (!entry.fault) continue;
    out[scenario.targets[entry.target].where.value_or(scenario.where)].push_back(i);
  }
  if (scenario.where.kind == Where::Kind::sandbox) out[scenario.where];
  return out;
}

CompiledEntries compiled_for(const std::vector<std::uint32_t>& entries, const RunSetup& setup,
                             const Timeline& timeline) {
  std::vector<EntryToCompile> to_compile;
  for (const std::uint32_t entry : entries) {
    to_compile.push_back(entry_to_compile(setup.scenario, timeline, entry));
  }
  CompileOptions options;
  options.engine = setup.engine;
  return compile_entries(to_compile, options);
}

EnforcerOptions options_for(const Place& place, const RunSetup& setup) {
  EnforcerOptions options;
  options.netns_fd = place.netns ? place.netns.get() : -1;
  options.seed = {setup.header.seed};
  options.upstreams = setup.upstreams.empty() ? place.nameservers : setup.upstreams;
  options.hosts = hosts_of(place);
  options.serve_port_53 = place.where.kind == Where::Kind::sandbox;
  return options;
}

}  // namespace

bool Front::has_entry(std::uint32_t entry) const {
  return std::ranges::find(entries, entry) != entries.end();
}

std::vector<Front> open_fronts(boost::asio::io_context& io, const Clock& clock,
                               const RunSetup& setup, const Timeline& timeline) {
  std::vector<Front> fronts;
  for (auto& [where, entries] : entries_by_place(setup.scenario)) {
    Front& front = fronts.emplace_back();
    front.place = open_place(where);
    front.entries = std::move(entries);
    CompiledEntries compiled = compiled_for(front.entries, setup, timeline);
    EnforcerOptions options = options_for(front.place, setup);
    if (where.kind != Where::Kind::sandbox) {
      OperatorSession session = find_operator_session(front.place.netns);
      front.may_lock_out = entries_that_lock_out(setup.scenario, compiled, session);
      options.spared = std::move(session.sockets);
    }
    front.enforcer = std::make_unique<Enforcer>(io, clock, std::move(options), std::move(compiled));
  }
  return fronts;
}

}  // namespace blackstart
