#include "netlink/owner_process.h"

#include <linux/netlink.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "sys/process_tree.h"

namespace blackstart::netlink {
namespace {

// The inode of the socket, from the kernel's table: sk Eth Pid Groups Rmem Wmem Dump Locks
// Drops Inode, where Pid is the port.
std::optional<std::uint32_t> socket_inode(std::uint32_t port) {
  std::ifstream table{"/proc/thread-self/net/netlink"};
  std::string line;
  std::getline(table, line);
  while (std::getline(table, line)) {
    std::istringstream fields{line};
    std::string socket, skipped;
    int protocol = -1;
    std::uint32_t found = 0, inode = 0;
    fields >> socket >> protocol >> found;
    for (int i = 0; i < 6; ++i) fields >> skipped;
    if (fields >> inode && protocol == NETLINK_NETFILTER && found == port) return inode;
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> process_with_port(std::uint32_t port) {
  const auto inode = socket_inode(port);
  if (!inode) return std::nullopt;
  // The port is the owner's process id as a rule: ask there first.
  const int likely = static_cast<int>(port);
  if (sockets_of(likely).contains(*inode)) return likely;
  std::vector<ProcessName> all = all_processes();
  std::ranges::sort(all, {}, &ProcessName::pid);
  const auto found = std::ranges::find_if(
      all, [&](const ProcessName& one) { return sockets_of(one.pid).contains(*inode); });
  return found == all.end() ? std::nullopt : std::optional{found->pid};
}

}  // namespace blackstart::netlink
