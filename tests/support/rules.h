#pragma once

// The rules of one chain, as nft prints them.

#include <string>
#include <vector>

#include "fault/compiler.h"
#include "netlink/ruleset_text.h"

namespace blackstart::test {

inline std::string text_of(const CompiledEntries& compiled) {
  return netlink::ruleset_text(bind_devices(compiled, {"eth0", "lo"}));
}

// One a line, without the line that says where the chain hangs: of the first chain of
// that name.
inline std::vector<std::string> rules_in(const std::string& text, const std::string& chain) {
  std::vector<std::string> rules;
  std::size_t at = text.find("chain " + chain + " {");
  if (at == std::string::npos) return rules;
  at = text.find('\n', at) + 1;
  while (text.compare(at, 2, "\t}") != 0) {
    const std::size_t end = text.find('\n', at);
    const std::string line = text.substr(at + 2, end - at - 2);
    if (!line.starts_with("type ")) rules.push_back(line);
    at = end + 1;
  }
  return rules;
}

inline std::vector<std::string> rules_of(const CompiledEntries& compiled,
                                         const std::string& chain) {
  return rules_in(text_of(compiled), chain);
}

}  // namespace blackstart::test
