#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/report.h"
#include "blackstart/shape.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/experiment.h"
#include "cli/peers.h"
#include "fault/registry.h"

namespace blackstart::cli {
namespace {

// An option for each key of the fault, and those that say whom it hits and for how long.
struct InjectOptions {
  ExperimentOptions experiment;
  std::vector<std::string> to;
  std::map<std::string, std::string> target;  // keys of a target besides those that `to` fills
  std::map<std::string, std::string> fault;   // keys of the fault
  std::vector<std::string> items;             // of its key that is_repeated()
  bool any = false;
  std::string lasts = "10m";
};

// Figures stay bare, as the language wants them; whatever else is text, and cannot be more.
std::string scalar(const std::string& text) {
  const bool figure = !text.empty() && text.find_first_not_of("0123456789.") == std::string::npos;
  return figure || text == "true" || text == "false" ? text : quoted_yaml(text);
}

std::string list_of(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + quoted_yaml(item);
  return "[" + out + "]";
}

bool can_be(const Shape& shape, Shape::Kind kind) {
  return shape.kind == kind ||
         (shape.kind == Shape::Kind::either &&
          std::ranges::any_of(shape.options, [&](const Shape* one) { return one->kind == kind; }));
}

std::vector<std::string> items_of(const std::string& text) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at <= text.size();) {
    const auto comma = std::min(text.find(',', at), text.size());
    items.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return items;
}

// `10.0.0.1,2001:db8::1` or `db.example.com`: records to answer with. No word has a dot or a
// colon, and no name a last label of digits (RFC 1123, 2.1).
std::string answer_yaml(const std::string& text) {
  if (text.find_first_of(".:") == std::string::npos) return scalar(text);
  const auto before_digits = text.find_last_not_of("0123456789");
  const bool digits = before_digits + 1 < text.size() && text[before_digits] == '.';
  if (!digits && text.find_first_of(":,") == std::string::npos) {
    return "{cname: " + quoted_yaml(text) + "}";
  }
  std::vector<std::string> v4, v6;
  for (const std::string& item : items_of(text)) {
    (item.find(':') == std::string::npos ? v4 : v6).push_back(item);
  }
  if (v6.empty()) return "{a: " + list_of(v4) + "}";
  if (v4.empty()) return "{aaaa: " + list_of(v6) + "}";
  return "{a: " + list_of(v4) + ", aaaa: " + list_of(v6) + "}";
}

// A list whose items have keys: an option for each item.
bool is_repeated(const Shape& shape) {
  return shape.kind == Shape::Kind::list && shape.item->kind == Shape::Kind::object;
}

// "latency:latency=100,jitter=5" is {type: latency, latency: 100, jitter: 5}.
std::string item_yaml(const std::string& text) {
  const auto colon = std::min(text.find(':'), text.size());
  std::string out = "{type: " + quoted_yaml(text.substr(0, colon));
  if (colon < text.size()) {
    for (const std::string& pair : items_of(text.substr(colon + 1))) {
      const auto equals = pair.find('=');
      if (equals == std::string::npos || equals == 0) {
        throw CommandError{exit_code::usage, "'" + text +
                                                 "' is not TYPE:KEY=VALUE,KEY=VALUE; try: "
                                                 "latency:latency=100,jitter=5"};
      }
      out += ", " + quoted_yaml(pair.substr(0, equals)) + ": " + scalar(pair.substr(equals + 1));
    }
  }
  return out + "}";
}

std::string items_yaml(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item_yaml(item);
  return "[" + out + "]";
}

// `0ms..800ms` is a ramp, `A,AAAA` a list, the rest a single value.
std::string value_yaml(const Key& key, const std::string& text) {
  if (key.name == "answer") return answer_yaml(text);
  const Shape& shape = *key.shape;
  const auto dots = text.find("..");
  if (dots != std::string::npos && can_be(shape, Shape::Kind::object)) {
    return "{from: " + scalar(text.substr(0, dots)) + ", to: " + scalar(text.substr(dots + 2)) +
           "}";
  }
  return can_be(shape, Shape::Kind::list) ? list_of(items_of(text)) : scalar(text);
}

std::string target_yaml(const InjectOptions& options) {
  const Peers peers = peers_of(options.to);
  std::string out;
  const auto add = [&](const std::string& key, const std::string& value) {
    out += (out.empty() ? "" : ", ") + key + ": " + value;
  };
  if (!peers.names.empty()) add("names", list_of(peers.names));
  if (!peers.cidr.empty()) add("cidr", list_of(peers.cidr));
  if (!peers.port.empty()) add("port", list_of({peers.port}));
  for (const auto& [key, value] : options.target) add(key, scalar(value));
  if (options.any) add("any", "true");
  return "{" + out + "}";
}

// What the reader sees beside the fault's kind.
std::string label_of(const InjectOptions& options) {
  if (!options.to.empty()) {
    return options.to.front() + (options.to.size() > 1 ? " and others" : "");
  }
  if (const auto proxy = options.target.find("proxy"); proxy != options.target.end()) {
    return proxy->second;
  }
  std::string label;
  for (const auto& [key, value] : options.target) {
    label += (label.empty() ? "" : ", ") + key + ' ' + value;
  }
  return label.empty() ? "everything" : label;
}

std::string scenario_yaml(const FaultKind& kind, const InjectOptions& options) {
  const std::string label = quoted_yaml(label_of(options));
  std::string fault = "target: " + label;
  for (const Key& key : kind.shape->keys) {
    if (is_repeated(*key.shape)) {
      fault += ", " + std::string{key.name} + ": " + items_yaml(options.items);
    }
    const auto given = options.fault.find(std::string{key.name});
    if (given == options.fault.end()) continue;
    fault += ", " + std::string{key.name} + ": " + value_yaml(key, given->second);
  }
  // Without a probe there is no recovery to wait for.
  const std::string hold = options.experiment.scenario.probes.empty() ? ", hold: 1ms" : "";
  const std::string title = quoted_yaml(std::string{kind.name} + " on " + label_of(options));
  return "blackstart: 1\ntitle: " + title + "\ntargets:\n  " + label + ": " + target_yaml(options) +
         "\nwatch: {baseline: 0s" + hold +
         "}\ntimeline:\n  - {at: 0s, for: " + scalar(options.lasts) + ", " +
         std::string{kind.name} + ": {" + fault + "}}\n";
}

// `--cut-existing` says it all. What is true by default takes a value.
bool is_flag(const Key& key) {
  return key.shape->kind == Shape::Kind::boolean && key.name != "soa";
}

std::string option_of(const Key& key) {
  std::string out = "--" + std::string{key.name};
  std::ranges::replace(out, '_', '-');
  if (is_repeated(*key.shape)) out.pop_back();  // "--toxic" for each of `toxics`
  return out;
}

void add_target_options(CLI::App& verb, const FaultKind& kind, InjectOptions& options) {
  if (kind.name == "dns") {
    verb.add_option("NAME", options.to, "a name, `*` matches any part; repeatable")->required();
    return;
  }
  verb.add_option("--to", options.to,
                  "address, prefix or name, with a port or without: 10.0.0.0/8:5432; repeatable")
      ->allow_extra_args(false);
  for (const char* key : {"port", "protocol", "interface", "cgroup", "uid"}) {
    verb.add_option_function<std::string>(
        "--" + std::string{key},
        [&options, key](const std::string& value) { options.target[key] = value; },
        "only this " + std::string{key});
  }
  verb.add_flag("--any", options.any, "everything, said on purpose");
  if (kind.name != "proxy") return;
  for (const auto& [key, doc] : {std::pair{"proxy", "a proxy of `blackstart serve`, by its name"},
                                 std::pair{"api", "where that is; default localhost:8474"}}) {
    verb.add_option_function<std::string>(
        "--" + std::string{key},
        [&options, name = std::string{key}](const std::string& value) {
          options.target[name] = value;
        },
        doc);
  }
}

void add_fault_options(CLI::App& verb, const FaultKind& kind, InjectOptions& options) {
  for (const Key& key : kind.shape->keys) {
    const std::string option = option_of(key), name{key.name}, doc{key.doc};
    if (is_repeated(*key.shape)) {
      verb.add_option(option, options.items, "TYPE:KEY=VALUE,KEY=VALUE; repeatable: " + doc)
          ->required()
          ->allow_extra_args(false);
    } else if (is_flag(key)) {
      verb.add_flag_callback(
          option, [&options, name] { options.fault[name] = "true"; }, doc);
    } else {
      verb.add_option_function<std::string>(
          option, [&options, name](const std::string& value) { options.fault[name] = value; }, doc);
    }
  }
}

// For a shell: in quotes where it would make something else of it.
std::string word(const std::string& text) {
  constexpr std::string_view kPlain = "-_./:,%+@=";
  const bool plain = std::ranges::all_of(text, [&](unsigned char c) {
    return std::isalnum(c) != 0 || kPlain.find(static_cast<char>(c)) != std::string_view::npos;
  });
  return plain && !text.empty() ? text : "'" + text + "'";
}

// The command that repeats it; the seed is added by whoever knows it.
std::string command_of(const FaultKind& kind, const InjectOptions& options) {
  std::string text = "blackstart inject " + std::string{kind.name};
  const std::string before = kind.name == "dns" ? " " : " --to ";
  for (const std::string& peer : options.to) text += before + word(peer);
  for (const auto& [key, value] : options.target) text += " --" + key + " " + word(value);
  if (options.any) text += " --any";
  for (const Key& key : kind.shape->keys) {
    if (is_repeated(*key.shape)) {
      for (const std::string& item : options.items) text += ' ' + option_of(key) + ' ' + word(item);
    }
    const auto given = options.fault.find(std::string{key.name});
    if (given == options.fault.end()) continue;
    text += ' ' + option_of(key) + (is_flag(key) ? "" : " " + word(given->second));
  }
  const ScenarioOptions& place = options.experiment.scenario;
  for (const std::string& probe : place.probes) text += " --probe " + word(probe);
  if (!place.where.empty()) text += " --where " + word(place.where);
  if (!place.engine.empty()) text += " --engine " + word(place.engine);
  if (options.experiment.i_am_local) text += " --i-am-local";
  return text + " --for " + word(options.lasts);
}

std::string example_of(const FaultKind& kind) {
  if (kind.name == "dns") {
    return "sudo blackstart inject dns dynamodb.us-east-1.amazonaws.com --answer nodata --for 1m";
  }
  if (kind.name == "partition") {
    return "sudo blackstart inject partition --to db.example.com:5432 --how reset --for 30s";
  }
  if (kind.name == "proxy") {
    return "sudo blackstart inject proxy --to db.example.com:5432 "
           "--toxic latency:latency=200,jitter=20 --for 30s\n"
           "  blackstart inject proxy --proxy redis --toxic timeout:timeout=1000 --for 30s";
  }
  return "sudo blackstart inject network --to 10.0.0.0/8 --delay 0ms..800ms --loss 1% --for 30s";
}

int inject(const FaultKind& kind, InjectOptions& options) {
  options.experiment.scenario.text = SourceText{"inject", scenario_yaml(kind, options)};
  options.experiment.command = command_of(kind, options);
  return experiment(options.experiment);
}

std::function<int()> attach(CLI::App& app) {
  auto chosen = std::make_shared<std::function<int()>>();
  app.require_subcommand(1);
  for (const FaultKind* kind : fault_kinds()) {
    auto options = std::make_shared<InjectOptions>();
    CLI::App* verb = app.add_subcommand(std::string{kind->name}, std::string{kind->summary});
    add_target_options(*verb, *kind, *options);
    add_fault_options(*verb, *kind, *options);
    verb->add_option("--for", options->lasts, "how long; default 10m, and Ctrl-C lifts at once");
    add_overlay_options(*verb, options->experiment.scenario);
    add_output_options(*verb, options->experiment);
    verb->footer("example:\n  " + example_of(*kind));
    verb->callback(
        [chosen, kind, options] { *chosen = [kind, options] { return inject(*kind, *options); }; });
  }
  return [chosen] { return (*chosen)(); };
}

}  // namespace

extern const Command inject_command{
    "inject", "one fault, without a file",
    "sudo blackstart inject network --to 10.0.0.0/8:5432 --delay 200ms --jitter 20ms --for 30s",
    attach};

}  // namespace blackstart::cli
