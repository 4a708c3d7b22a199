#include "scenario/vars.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "blackstart/limits.h"
#include "blackstart/params.h"
#include "scenario/places.h"

namespace blackstart {
namespace {

constexpr std::size_t kDefaultsDeepMax = 8;  // ${a:-${b:-…}}

bool is_name(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  const auto fits = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  return !text.empty() && is_letter(text.front()) && std::ranges::all_of(text, fits);
}

// The length of the reference at the start of `text` ("${a:-b} and more": 7), or npos.
std::size_t reference_length(std::string_view text) {
  std::size_t open = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '$' && text.substr(i).starts_with("${")) {
      ++open;
      ++i;
    } else if (text[i] == '}' && --open == 0) {
      return i + 1;
    }
  }
  return std::string_view::npos;
}

// The place of byte `offset` of a value, where its text stands in the file as it is read; of
// the value itself where lines were folded or characters escaped.
SourcePos place_within(const Node& value, std::size_t offset,
                       const std::vector<SourceText>& sources) {
  if (value.pos.file >= sources.size()) return value.pos;
  std::string_view rest = sources[value.pos.file].text;
  for (std::uint32_t line = 1; line < value.pos.line && !rest.empty(); ++line) {
    rest.remove_prefix(std::min(rest.find('\n'), rest.size() - 1) + 1);
  }
  const std::string_view line = rest.substr(0, rest.find('\n'));
  const std::size_t begin = value.pos.column - 1 + (value.quoted ? 1 : 0);
  if (begin > line.size() || line.substr(begin, offset + 2) != value.text.substr(0, offset + 2)) {
    return value.pos;
  }
  return {value.pos.file, value.pos.line, static_cast<std::uint32_t>(begin + offset + 1)};
}

class Replacer {
 public:
  Replacer(const Node& root, const Settings& sets, const Environment& environment,
           const std::vector<SourceText>& sources, Diagnostics& diagnostics)
      : sets_{sets}, environment_{environment}, sources_{sources}, diagnostics_{diagnostics} {
    const Node* const vars = root.find("vars");
    if (vars == nullptr) return;
    for (const Node::Member& member : vars->members) vars_[member.key].node = member.value;
  }

  // A var is replaced where it is used, so that one that --set overrides may be incomplete.
  void replace_below(Node& root) {
    for (Node::Member& member : root.members) {
      if (member.key != "vars" && member.key != "replay") replace(member.value);
    }
  }

  void refuse_unused_sets(SourcePos pos) {
    for (const auto& [name, value] : sets_) {
      if (asked_.contains(name) || vars_.contains(name)) continue;
      std::vector<std::string_view> known{asked_.begin(), asked_.end()};
      for (const auto& [var, unused] : vars_) known.push_back(var);
      const std::string meant = nearest(name, known);
      report(pos,
             "--set " + name + "=" + value + " has no effect: the scenario has no ${" + name + "}",
             meant.empty() ? "" : "did you mean '" + meant + "'?");
    }
  }

  std::vector<SourcePos> take_refused() {
    sort_places(refused_);
    return std::move(refused_);
  }

 private:
  struct Var {
    Node node;
    enum { untouched, in_progress, done, broken } state = untouched;
  };

  void report(SourcePos pos, std::string message, std::string hint) {
    diagnostics_.push_back({pos, std::move(message), std::move(hint)});
  }

  void replace(Node& node) {
    for (Node& item : node.items) replace(item);
    for (Node::Member& member : node.members) replace(member.value);
    if (node.kind != Node::Kind::scalar || node.text.find("${") == std::string::npos) return;
    const auto text = replaced(node.text, node, 0);
    if (text) {
      node.text = *text;
    } else {
      refused_.push_back(node.pos);
    }
  }

  // `text` is the value's own or the default of a reference in it. nullopt: reported.
  std::optional<std::string> replaced(std::string_view text, const Node& value, std::size_t depth) {
    std::string out;
    bool sound = true;
    for (std::size_t i = 0; i < text.size() && !too_much_;) {
      const std::string_view rest = text.substr(i);
      std::size_t taken = 1;
      if (rest.starts_with("$${")) {
        out.append("${");
        taken = 3;
      } else if (rest.starts_with("${")) {
        taken = std::min(reference_length(rest), rest.size());
        const auto one = resolve(rest.substr(0, taken), value, depth);
        sound = sound && one.has_value();
        out.append(one.value_or(""));
      } else {
        out.push_back(rest.front());
      }
      i += taken;
      refuse_too_much(produced_ + out.size(), value.pos);
    }
    if (depth == 0) produced_ += out.size();
    return sound && !too_much_ ? std::optional{std::move(out)} : std::nullopt;
  }

  void refuse_too_much(std::size_t bytes, SourcePos pos) {
    if (too_much_ || bytes <= limits::scenario_bytes_max) return;
    too_much_ = true;
    report(pos, "more than 1 MiB of text once every ${…} is replaced", "");
  }

  SourcePos place_of(std::string_view reference, const Node& value) const {
    const std::size_t offset = value.text.find(reference);
    if (offset == std::string::npos || diagnostics_.size() > limits::diagnostics_max) {
      return value.pos;
    }
    return place_within(value, offset, sources_);
  }

  // "${name}" or "${name:-default}".
  std::optional<std::string> resolve(std::string_view reference, const Node& value,
                                     std::size_t depth) {
    if (too_much_) return std::nullopt;
    if (reference_length(reference) != reference.size() || depth >= kDefaultsDeepMax) {
      report(place_of(reference, value), "this '${' does not end with '}'",
             "for a plain '${', write '$${'");
      return std::nullopt;
    }
    const std::string_view inside = reference.substr(2, reference.size() - 3);
    const std::size_t colon = inside.find(":-");
    const std::string name{inside.substr(0, colon)};
    if (!is_name(name)) {
      report(place_of(reference, value), "'" + name + "' is no name of a variable",
             "names are letters, digits and _; for a plain '${', write '$${'");
      return std::nullopt;
    }
    asked_.insert(name);
    bool known = true;
    auto found = lookup(name, known);
    if (colon != std::string_view::npos && known && found.value_or("").empty()) {
      return replaced(inside.substr(colon + 2), value, depth + 1);
    }
    if (!found && known) {
      report(place_of(reference, value), "${" + name + "} has no value",
             "give it one: --set " + name + "=…, or under vars:, or in the environment");
    }
    return found;
  }

  // nullopt where the name has no value; `known` is false where it has one that is broken, which
  // was reported where it stands.
  std::optional<std::string> lookup(const std::string& name, bool& known) {
    if (const auto set = sets_.find(name); set != sets_.end()) return set->second;
    const auto var = vars_.find(name);
    if (var != vars_.end() && var->second.node.kind != Node::Kind::null) {
      known = settle(name, var->second);
      return known ? std::optional{var->second.node.text} : std::nullopt;
    }
    return environment_ ? environment_(name) : std::nullopt;
  }

  // Replaces what a var's own value refers to; false where that cannot be done.
  bool settle(const std::string& name, Var& var) {
    if (var.node.kind != Node::Kind::scalar) return false;  // the check will say so
    if (var.state == Var::in_progress) {
      report(var.node.pos, "${" + name + "} refers to itself", "");
      var.state = Var::broken;
    }
    if (var.state != Var::untouched) return var.state == Var::done;
    var.state = Var::in_progress;
    const Node own = var.node;
    const auto text = replaced(own.text, own, 0);
    if (!text) refused_.push_back(own.pos);
    const bool sound = text && var.state == Var::in_progress;
    var.state = sound ? Var::done : Var::broken;
    if (sound) var.node.text = *text;
    return sound;
  }

  const Settings& sets_;
  const Environment& environment_;
  const std::vector<SourceText>& sources_;
  Diagnostics& diagnostics_;
  std::map<std::string, Var, std::less<>> vars_;
  std::set<std::string, std::less<>> asked_;
  std::vector<SourcePos> refused_;
  std::size_t produced_ = 0;
  bool too_much_ = false;
};

}  // namespace

std::vector<SourcePos> replace_vars(Node& root, const Settings& sets,
                                    const Environment& environment,
                                    const std::vector<SourceText>& sources,
                                    Diagnostics& diagnostics) {
  Replacer replacer{root, sets, environment, sources, diagnostics};
  replacer.replace_below(root);
  replacer.refuse_unused_sets(root.pos);
  return replacer.take_refused();
}

}  // namespace blackstart
