#include "sys/sandbox_files.h"

#include <algorithm>

namespace blackstart {

std::string with_hosts_from_files_and_dns(std::string_view nsswitch) {
  std::string out;
  while (!nsswitch.empty()) {
    const std::size_t length = std::min(nsswitch.find('\n'), nsswitch.size());
    const std::string_view line = nsswitch.substr(0, length);
    nsswitch.remove_prefix(std::min(length + 1, nsswitch.size()));
    const std::size_t start = std::min(line.find_first_not_of(" \t"), line.size());
    if (!line.substr(start).starts_with("hosts:")) out.append(line).append("\n");
  }
  return out.append("hosts: files dns\n");
}

std::string with_lines(std::string_view hosts, const std::vector<std::string>& lines) {
  std::string out{hosts};
  if (!out.empty() && out.back() != '\n') out.append("\n");
  for (const std::string& line : lines) out.append(line).append("\n");
  return out;
}

}  // namespace blackstart
