// The timeline: what is done to which target, when, for how long.

#include <algorithm>

#include "blackstart/limits.h"
#include "scenario/build.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

const FaultKind* kind_of(const Node& entry, const Kinds& kinds) {
  const auto found = std::ranges::find_if(
      kinds.faults, [&](const FaultKind* kind) { return entry.find(kind->name) != nullptr; });
  return found == kinds.faults.end() ? nullptr : *found;
}

// Reads the fault of an entry and holds it against its target.
void read_fault(const Node& entry, const FaultKind& kind, Entry& out, Build& build) {
  const Node& value = *entry.find(kind.name);
  out.kind = kind.name;
  out.fault = build.read(value, kind.parse);
  const Node* const named = value.find("target");
  if (named == nullptr) return;
  const auto target = build.find(build.targets, "target", named->text, named->pos);
  if (!target) return;
  out.target = *target;
  const Target& selected = build.scenario.targets[*target];
  if (!out.fault || build.broken[*target] || build.lacks(value.pos)) return;
  for (std::string& objection : out.fault->objections(selected)) {
    build.report(value.pos, std::move(objection));
  }
}

Entry read_entry(const Node& value, Build& build) {
  const ParamReader in{value, build.diagnostics};
  Entry entry;
  entry.pos = value.pos;
  entry.at = in.duration("at").value_or(Duration::zero());
  entry.note = in.text("note").value_or("");
  entry.name = in.text("name").value_or("");
  if (in.has("name") && entry.name.empty()) in.error("name", "the name of an entry is empty");
  if (in.has("note") && entry.note.empty()) in.error("note", "a note without text");
  entry.lasts = in.duration("for");
  entry.may_miss = in.boolean("may_miss").value_or(false);
  if (in.has("pulse")) {
    const auto on = in.inner("pulse").duration("on");
    const auto off = in.inner("pulse").duration("off");
    if (on && off) entry.pulse = Pulse{*on, *off};
  }
  if (const FaultKind* const kind = kind_of(value, build.kinds)) {
    read_fault(value, *kind, entry, build);
  }
  return entry;
}

void refuse_repeated_names(const std::vector<Entry>& timeline, const Build& build) {
  std::map<std::string_view, SourcePos> seen;
  for (const Entry& entry : timeline) {
    if (entry.name.empty()) continue;
    const auto [first, is_new] = seen.emplace(entry.name, entry.pos);
    if (is_new) continue;
    build.report(entry.pos, "a second entry with the name " + in_quotes(entry.name) +
                                "; the first is in line " + std::to_string(first->second.line));
  }
}

// "dns on api", "dns on api (2)" where the timeline has several of them.
void name_the_nameless(std::vector<Entry>& timeline, const std::vector<Target>& targets) {
  std::map<std::string, int> taken;
  for (const Entry& entry : timeline) ++taken[entry.name];
  for (Entry& entry : timeline) {
    if (!entry.name.empty() || entry.kind.empty() || targets.empty()) continue;
    const std::string plain = entry.kind + " on " + targets[entry.target].name;
    entry.name = plain;
    for (int n = 2; taken[entry.name]++ > 0; ++n)
      entry.name = plain + " (" + std::to_string(n) + ")";
  }
}

// A fault without `for` that nothing outlasts would be over as it begins.
void refuse_no_time_at_all(const std::vector<Entry>& timeline, const Build& build) {
  const Duration length = build.scenario.timeline_length();
  for (const Entry& entry : timeline) {
    if (build.lacks(entry.pos)) return;  // its end may be what is missing
  }
  for (const Entry& entry : timeline) {
    if (entry.kind.empty() || entry.lasts || entry.at < length) continue;
    build.report(
        entry.pos,
        "this fault lasts no time: the timeline ends when it begins, at " + duration_text(length),
        "say how long it lasts, with 'for'");
  }
}

}  // namespace

void build_timeline(const ParamReader& top, Build& build) {
  const Node* const list = top.node("timeline");
  std::vector<Entry>& timeline = build.scenario.timeline;
  if (list != nullptr) {
    for (const Node& item : list->items) timeline.push_back(read_entry(item, build));
    if (list->items.size() > limits::timeline_entries_max) {
      build.report(list->items[limits::timeline_entries_max].pos, "more than 1,000 entries");
    }
  }
  const bool whole = list == nullptr ? !build.lacks(top.map().pos) : !build.lacks(list->pos);
  const bool harmless = std::ranges::all_of(
      timeline, [&](const Entry& entry) { return entry.kind.empty() && !build.lacks(entry.pos); });
  if (whole && harmless) top.error("timeline", "the timeline has no fault; nothing would happen");

  refuse_repeated_names(timeline, build);
  name_the_nameless(timeline, build.scenario.targets);
  std::ranges::stable_sort(timeline, {}, &Entry::at);
  refuse_no_time_at_all(timeline, build);
}

}  // namespace blackstart
