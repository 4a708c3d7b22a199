#include "sys/process_tree.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>

#include "sys/text_file.h"

namespace blackstart {
namespace {

namespace fs = std::filesystem;

std::string proc_file(int pid, const char* name) {
  return read_text("/proc/" + std::to_string(pid) + "/" + name).value_or("");
}

std::string name_of(int pid) {
  std::string name = proc_file(pid, "comm");
  if (name.ends_with('\n')) name.pop_back();
  return name;
}

// A process may go while its folder is read: then what was read until there.
std::vector<fs::path> entries_of(const std::string& folder) {
  std::vector<fs::path> out;
  std::error_code gone;
  fs::directory_iterator at{folder, gone};
  while (at != fs::directory_iterator{}) {
    out.push_back(at->path());
    at.increment(gone);
  }
  return out;
}

}  // namespace

// "pid (name) state parent …", and the name may hold anything, parentheses too.
int parent_of(int pid) {
  const std::string stat = proc_file(pid, "stat");
  const std::size_t name_end = stat.rfind(')');
  int parent = 0;
  if (name_end != std::string::npos) {
    std::sscanf(stat.c_str() + name_end + 1, " %*c %d", &parent);
  }
  return parent;
}

std::vector<ProcessName> process_ancestry() {
  std::vector<ProcessName> out;
  for (int pid = ::getpid(); pid > 0; pid = parent_of(pid)) out.push_back({pid, name_of(pid)});
  return out;
}

std::vector<ProcessName> all_processes() {
  std::vector<ProcessName> out;
  for (const fs::path& path : entries_of("/proc")) {
    const std::string text = path.filename();
    int pid = 0;
    const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), pid);
    if (bad == std::errc{} && end == text.data() + text.size()) out.push_back({pid, name_of(pid)});
  }
  return out;
}

std::optional<std::string> started_with(int pid, std::string_view variable) {
  const std::string text = proc_file(pid, "environ");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view one = rest.substr(0, rest.find('\0'));
    rest.remove_prefix(std::min(one.size() + 1, rest.size()));
    if (one.starts_with(variable) && one.substr(variable.size()).starts_with('=')) {
      return std::string{one.substr(variable.size() + 1)};
    }
  }
  return std::nullopt;
}

std::set<std::uint32_t> sockets_of(int pid) {
  std::set<std::uint32_t> inodes;
  std::error_code skip;
  for (const fs::path& fd : entries_of("/proc/" + std::to_string(pid) + "/fd")) {
    const std::string link = fs::read_symlink(fd, skip).string();
    unsigned inode = 0;
    if (std::sscanf(link.c_str(), "socket:[%u]", &inode) == 1) inodes.insert(inode);
  }
  return inodes;
}

}  // namespace blackstart
