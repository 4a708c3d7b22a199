#pragma once

// What an outage must leave as it found it, as the usual tools print it.

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "support/command.h"

namespace blackstart::test {

// By what was asked: a command line, or the path of a sysctl.
using KernelState = std::map<std::string, std::string>;

// Of the calling thread's network namespace; all tables of routes are those of both families. A
// count of connections is no setting.
inline KernelState kernel_state() {
  constexpr std::array kCommands{
      "nft list ruleset", "tc qdisc show",           "tc class show dev v1", "ip rule",
      "ip -6 rule",       "ip route show table all", "ip -o link",           "ip -o addr",
  };
  std::string script;
  for (const char* command : kCommands) {
    script += std::string{"echo '== "} + command + "'; " + command + " 2>&1; ";
  }
  KernelState state;
  std::istringstream printed{shell(script).output};
  std::string command;
  for (std::string line; std::getline(printed, line);) {
    if (line.starts_with("== ")) {
      command = line.substr(3);
    } else {
      state[command] += line + '\n';
    }
  }
  namespace fs = std::filesystem;
  for (fs::recursive_directory_iterator at{"/proc/sys/net"}, end; at != end; ++at) {
    if (!at->is_regular_file() || at->path().filename() == "nf_conntrack_count") continue;
    std::ostringstream text;  // empty where it cannot be read
    text << std::ifstream{at->path()}.rdbuf();
    state[at->path()] = std::move(text).str();
  }
  return state;
}

// Without bs0, bs1…, their qdiscs, routes and sysctls. Rules count, whatever they speak of.
inline KernelState without_own_devices(const KernelState& state) {
  static const std::regex kOwn{"(^|[ /])bs[0-9]+([:@/ ]|$)"};
  KernelState out;
  for (const auto& [what, text] : state) {
    if (what.starts_with("/")) {
      if (!std::regex_search(what, kOwn)) out[what] = text;
    } else if (what.starts_with("nft")) {
      out[what] = text;
    } else {
      std::istringstream lines{text};
      for (std::string line; std::getline(lines, line);) {
        if (!std::regex_search(line, kOwn)) out[what] += line + '\n';
      }
    }
  }
  return out;
}

// What differs, to be read; empty where nothing does.
inline std::string difference(const KernelState& before, const KernelState& after) {
  const auto lines_of = [](const KernelState& state) {
    std::multiset<std::string> lines;
    for (const auto& [what, text] : state) {
      std::istringstream in{text};
      lines.insert(what + ": there");
      for (std::string line; std::getline(in, line);) lines.insert(what + ": " + line);
    }
    return lines;
  };
  const auto old_lines = lines_of(before), new_lines = lines_of(after);
  std::string out;
  const auto add = [&](const auto& some, const auto& others, const char* sign) {
    std::vector<std::string> only;
    std::ranges::set_difference(some, others, std::back_inserter(only));
    for (const std::string& line : only) out += sign + line + '\n';
  };
  add(old_lines, new_lines, "- ");
  add(new_lines, old_lines, "+ ");
  if (out.empty() && before != after) out = "the same lines in another order\n";
  return out;
}

}  // namespace blackstart::test
