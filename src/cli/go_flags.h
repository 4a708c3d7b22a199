#pragma once

// Command lines that take options as Go's `flag` package does, for the verbs that stand in for
// Toxiproxy's programs: one dash or two, `-f v` or `-f=v`, options before arguments.

#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace blackstart::cli {

struct GoFlag {
  std::string_view name;
  std::string_view other_name = "";  // a short form; empty: none
  bool is_switch = false;            // takes no value, or one as in `-f=false`
};

struct GoArguments {
  // By GoFlag::name, each time it was given in order. A switch that is on has "true".
  std::map<std::string, std::vector<std::string>, std::less<>> flags{};
  std::vector<std::string> rest{};  // from the first word that is no option; `--` ends them too

  bool on(std::string_view name) const;           // a switch
  std::string last(std::string_view name) const;  // empty where it was not given
  std::vector<std::string> all(std::string_view name) const;
};

// Throws CommandError (exit code 2) for an option that is not in `known` or lacks its value.
GoArguments parse_go_flags(std::initializer_list<GoFlag> known, std::vector<std::string> words);

}  // namespace blackstart::cli
