#include "scenario/language.h"

#include "core/shapes.h"
#include "scenario/fixed_shapes.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

constexpr Shape kCommand{.kind = Kind::list,
                         .doc = "a command, or a list of its words",
                         .item = &shapes::kText,
                         .or_single = true};

}  // namespace

Language::Language(const Kinds& kinds) {
  using namespace shapes;
  const Shape* const probes = table("a mapping of names to probes", probe(kinds, false));
  top_ = object(
      "a scenario",
      {
          {"blackstart", &kVersion, "the version of the language: 1", true},
          {"title", &kText, "one line: what happens"},
          {"about", &kText, "more, in prose"},
          {"incident", &kIncident, "the real outage that this replays"},
          {"replay", &kText, "start from this scenario of the library; the rest is laid over it"},
          {"speed", &kSpeed, "divides every time of the timeline, and nothing else; default 1"},
          {"seed", &kSeed, "everything random draws from it; default: drawn, and reported"},
          {"where", &kWhere, "where faults and probes act; default host"},
          {"engine", &kEngine, "play it with this or not at all; default: the best there is"},
          {"vars", &kVars, "names with values, for ${name}"},
          {"targets", &kTargets, "named selectors of traffic, for the faults"},
          {"stack", stack(kinds), "what to start, and stop, with the run"},
          {"probes", probes, "named checks, all the while"},
          {"watch", &kWatch, "how long to watch before, and what counts as back after"},
          {"timeline", timeline(kinds), "the faults, in scenario time"},
          {"objectives", &kObjectives, "what must be true, for each probe that is judged"},
          {"guards", &kGuards, "what stops the run at once and lifts everything"},
      });
}

const Shape* Language::timeline(const Kinds& kinds) {
  using namespace shapes;
  const Key at{"at", &kDuration, "when it begins, from the timeline's zero", true};
  std::vector<const Shape*> entries;
  for (const FaultKind* const kind : kinds.faults) {
    std::vector<Key> keys{{"target", &kText, "the name of a target", true}};
    keys.insert(keys.end(), kind->shape->keys.begin(), kind->shape->keys.end());
    const std::string name{kind->name};
    const Shape* const fault = object(text("a " + name + " fault"), std::move(keys));
    entries.push_back(object(
        text("an entry with a " + name + " fault"),
        {at,
         {"for", &kPositiveDuration, "how long it lasts; default: to the end of the timeline"},
         {"name", &kText, "what the audience reads; default: made from the fault"},
         {"pulse", &kPulse, "on and off again and again, inside `for`"},
         {"may_miss", &kBoolean, "true: hitting nothing does not make the run invalid"},
         {kind->name, fault, kind->summary, true}}));
  }
  entries.push_back(
      object("a note", {at, {"note", &kText, "text for the audience; nothing is done", true}}));
  return list("a list of timeline entries", either("a timeline entry", std::move(entries)), false);
}

const Shape* Language::probe(const Kinds& kinds, bool is_for_stack) {
  using namespace shapes;
  std::vector<const Shape*> probes;
  for (const ProbeKind* const kind : kinds.probes) {
    std::vector<Key> keys{{kind->name, kind->shape, kind->summary, true}};
    if (!is_for_stack) {
      keys.push_back({"every", &kInterval, "from one sample to the next; default 200ms"});
      keys.push_back({"timeout", &kPositiveDuration, "after this a sample failed; default 1s"});
      keys.push_back({"role", &kRole, "control: must not move. Default judged"});
    }
    if (kind->expect != nullptr) {
      keys.push_back({"expect", kind->expect, "what good looks like; otherwise the sample failed"});
    }
    if (kind->truth != nullptr) {
      keys.push_back({"truth", kind->truth,
                      "what holds of any answer that claims success; otherwise it is wrong"});
    }
    const std::string name{kind->name};
    probes.push_back(object(text("a probe by " + name), std::move(keys)));
  }
  return either("a probe", std::move(probes));
}

const Shape* Language::stack(const Kinds& kinds) {
  using namespace shapes;
  return object(
      "a stack",
      {
          {"start", &kCommand, "the command that starts it, run in the sandbox if there is one",
           true},
          {"ready", probe(kinds, true), "the probe that says that it is up"},
          {"ready_within", &kPositiveDuration, "how long it may take to get ready; default 30s"},
          {"stop", &kCommand, "the command that stops it; default: a signal to its processes"},
      });
}

const Shape* Language::object(std::string_view doc, std::vector<Key> keys) {
  keys_.push_back(std::move(keys));
  return &shapes_.emplace_back(Shape{.kind = Kind::object, .doc = doc, .keys = keys_.back()});
}

const Shape* Language::either(std::string_view doc, std::vector<const Shape*> options) {
  options_.push_back(std::move(options));
  return &shapes_.emplace_back(Shape{.kind = Kind::either, .doc = doc, .options = options_.back()});
}

const Shape* Language::table(std::string_view doc, const Shape* item) {
  return &shapes_.emplace_back(Shape{.kind = Kind::table, .doc = doc, .item = item});
}

const Shape* Language::list(std::string_view doc, const Shape* item, bool or_single) {
  return &shapes_.emplace_back(
      Shape{.kind = Kind::list, .doc = doc, .item = item, .or_single = or_single});
}

std::string_view Language::text(std::string text) { return texts_.emplace_back(std::move(text)); }

}  // namespace blackstart
