// The probes, and those who speak of them: the stack, the objectives and the guards.

#include <algorithm>

#include "blackstart/limits.h"
#include "scenario/build.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

// Null where the mapping has no kind of probe, or one that cannot be read: reported.
std::shared_ptr<const ProbeCheck> read_check(const Node& probe, const Build& build) {
  for (const ProbeKind* const kind : build.kinds.probes) {
    if (probe.find(kind->name) != nullptr) return build.read(probe, kind->parse);
  }
  return nullptr;
}

// A command that is one text is for the shell; a list is taken word for word.
std::vector<std::string> read_command(const ParamReader& in, std::string_view key, Build& build) {
  std::vector<std::string> words = in.texts(key);
  const Node* const value = in.node(key);
  if (value == nullptr || build.lacks(value->pos)) return words;
  if (words.empty() || words.front().empty()) {
    in.error(key, in_quotes(key) + " is an empty command");
  } else if (value->kind == Node::Kind::scalar) {
    words = {"/bin/sh", "-c", words.front()};
  }
  return words;
}

Objective read_objective(const ParamReader& in) {
  Objective objective;
  objective.normal = in.share("normal").value_or(objective.normal);
  objective.recover_within = in.duration("recover_within");
  objective.mitigate_within = in.duration("mitigate_within");
  objective.max_downtime = in.duration("max_downtime");
  objective.max_wrong = static_cast<std::uint64_t>(in.integer("max_wrong").value_or(0));
  objective.max_amplification = in.number("max_amplification");
  return objective;
}

void read_guard(const ParamReader& in, Build& build) {
  if (const auto most = in.duration("max_duration")) {
    if (build.scenario.max_duration) in.error("max_duration", "a second 'max_duration'");
    build.scenario.max_duration = most;
  }
  const auto name = in.text("probe");
  if (!name) return;
  const auto probe = build.find(build.probes, "probe", *name, in.node("probe")->pos);
  const auto failing_for = in.duration("failing_for");
  if (probe && failing_for) build.scenario.guards.push_back({*probe, *failing_for});
}

}  // namespace

void build_probes(const ParamReader& top, Build& build) {
  const Node* const table = top.node("probes");
  if (table == nullptr) return;
  build.check_names(table, "probe", limits::probes_max);
  for (const Node::Member& member : table->members) {
    const ParamReader in{member.value, build.diagnostics};
    ProbeSpec probe;
    probe.name = member.key;
    probe.pos = member.value.pos;
    probe.check = read_check(member.value, build);
    probe.every = in.duration("every").value_or(probe.every);
    probe.timeout = in.duration("timeout").value_or(probe.timeout);
    probe.role = in.text("role") == "control" ? Role::control : Role::judged;
    build.probes.emplace(probe.name, build.scenario.probes.size());
    build.scenario.probes.push_back(std::move(probe));
  }
}

void build_stack(const ParamReader& top, Build& build) {
  const Node* const value = top.node("stack");
  if (value == nullptr) return;
  const ParamReader in = top.inner("stack");
  Stack stack;
  stack.pos = value->pos;
  stack.start = read_command(in, "start", build);
  stack.stop = read_command(in, "stop", build);
  stack.ready_within = in.duration("ready_within").value_or(stack.ready_within);
  if (const Node* const ready = in.node("ready")) {
    stack.ready = read_check(*ready, build);
  } else if (in.has("ready_within")) {
    in.error("ready_within", "'ready_within' means nothing without 'ready'");
  }
  build.scenario.stack = std::move(stack);
}

void build_objectives(const ParamReader& top, Build& build) {
  const Node* const table = top.node("objectives");
  if (table == nullptr) return;
  for (const Node::Member& member : table->members) {
    const auto probe = build.find(build.probes, "probe", member.key, member.key_pos);
    if (!probe) continue;
    if (build.scenario.probes[*probe].role == Role::control) {
      build.report(member.key_pos,
                   "the control probe " + in_quotes(member.key) +
                       " takes no objective: it must not move at all",
                   "leave out 'role: control', or the objective");
    }
    build.scenario.objectives[*probe] = read_objective({member.value, build.diagnostics});
  }
}

void build_guards(const ParamReader& top, Build& build) {
  const Node* const value = top.node("guards");
  if (value == nullptr) return;
  if (value->kind == Node::Kind::map) read_guard({*value, build.diagnostics}, build);
  for (const Node& item : value->items) read_guard({item, build.diagnostics}, build);
}

}  // namespace blackstart
