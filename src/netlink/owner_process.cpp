#include "netlink/owner_process.h"

#include <linux/netlink.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

namespace blackstart::netlink {
namespace {

namespace fs = std::filesystem;

// The inode of the socket, from the kernel's table: sk Eth Pid Groups Rmem Wmem Dump Locks
// Drops Inode, where Pid is the port.
std::optional<std::string> socket_inode(std::uint32_t port) {
  std::ifstream table{"/proc/thread-self/net/netlink"};
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields{line};
    std::string socket, skipped, inode;
    int protocol = -1;
    std::uint32_t found = 0;
    fields >> socket >> protocol >> found;
    for (int i = 0; i < 6; ++i) fields >> skipped;
    if (fields >> inode && protocol == NETLINK_NETFILTER && found == port) return inode;
  }
  return std::nullopt;
}

std::vector<int> all_processes() {
  std::vector<int> pids;
  for (const auto& entry : fs::directory_iterator{"/proc"}) {
    const std::string name = entry.path().filename();
    int pid = 0;
    const auto end = name.data() + name.size();
    if (std::from_chars(name.data(), end, pid).ptr == end) pids.push_back(pid);
  }
  std::ranges::sort(pids);
  return pids;
}

bool holds(int pid, const std::string& link) {
  std::error_code gone;
  const fs::directory_iterator descriptors{"/proc/" + std::to_string(pid) + "/fd", gone};
  if (gone) return false;
  for (auto it = begin(descriptors); it != end(descriptors); it.increment(gone)) {
    if (gone) return false;
    if (fs::read_symlink(it->path(), gone) == link) return true;
  }
  return false;
}

}  // namespace

std::optional<int> process_with_port(std::uint32_t port) {
  const auto inode = socket_inode(port);
  if (!inode) return std::nullopt;
  const std::string link = "socket:[" + *inode + ']';
  std::vector<int> pids = all_processes();
  // The port is the owner's process id as a rule: ask there first.
  const auto likely = std::ranges::find(pids, static_cast<int>(port));
  if (likely != pids.end() && holds(*likely, link)) return *likely;
  const auto found = std::ranges::find_if(pids, [&](int pid) { return holds(pid, link); });
  return found == pids.end() ? std::nullopt : std::optional{*found};
}

}  // namespace blackstart::netlink
