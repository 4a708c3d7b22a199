#include "cli/preview.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "fault/compiler.h"
#include "fault/cutter.h"
#include "fault/devices.h"
#include "fault/redirect.h"
#include "netlink/ruleset_text.h"
#include "netlink/sock_diag.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kElementsShown = 20;
constexpr std::size_t kSocketsShown = 12;
constexpr std::uint16_t kResolverPortShown = 53'530;

CompiledEntries compiled_of(const Scenario& scenario) {
  std::vector<EntryToCompile> entries;
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    const Entry& entry = scenario.timeline[i];
    if (entry.fault) {
      entries.push_back({i, entry.fault.get(), &scenario.targets[entry.target]});
    }
  }
  return compile_entries(entries);
}

// Whose a socket is: the processes that hold its inode.
std::map<std::uint32_t, std::string> socket_owners(const std::set<std::uint32_t>& inodes) {
  std::map<std::uint32_t, std::string> owners;
  std::error_code skip;
  for (const auto& process : fs::directory_iterator{"/proc", skip}) {
    const std::string pid = process.path().filename();
    if (pid.find_first_not_of("0123456789") != std::string::npos) continue;
    for (const auto& fd : fs::directory_iterator{process.path() / "fd", skip}) {
      const std::string link = fs::read_symlink(fd.path(), skip).string();
      unsigned inode = 0;
      if (std::sscanf(link.c_str(), "socket:[%u]", &inode) != 1 || !inodes.contains(inode))
        continue;
      const std::string program = fs::read_symlink(process.path() / "exe", skip).filename();
      owners[inode] = program + " (pid " + pid + ")";
    }
  }
  return owners;
}

using Sockets = std::vector<netlink::SocketInfo>;

Sockets matched_now(const Target& target) {
  const AddressInterfaces interfaces = address_interfaces();
  const auto cgroup = target.cgroup.empty() ? std::nullopt : find_cgroup(target.cgroup);
  Sockets sockets = netlink::SocketDiag{}.list(Protocol::tcp);
  std::erase_if(sockets, [&](const netlink::SocketInfo& socket) {
    return socket.state == netlink::SocketState::listening ||
           !is_connection_to(socket, target, cgroup, interfaces);
  });
  return sockets;
}

void print_sockets(const Sockets& sockets) {
  std::set<std::uint32_t> inodes;
  for (const auto& socket : sockets) inodes.insert(socket.inode);
  const auto owners = socket_owners(inodes);
  for (std::size_t i = 0; i < std::min(sockets.size(), kSocketsShown); ++i) {
    const auto owner = owners.find(sockets[i].inode);
    std::printf("    %s → %s  %s\n", to_text(sockets[i].local).c_str(),
                to_text(sockets[i].remote).c_str(),
                owner == owners.end() ? "" : owner->second.c_str());
  }
  if (sockets.size() > kSocketsShown) {
    std::printf("    and %zu more\n", sockets.size() - kSocketsShown);
  }
}

}  // namespace

void print_kernel_operations(const Scenario& scenario) {
  const CompiledEntries compiled = compiled_of(scenario);
  netlink::Ruleset ruleset = bind_devices(compiled, other_devices());
  if (compiled.any_dns()) {
    RedirectOptions redirect;
    redirect.ports = {kResolverPortShown, kResolverPortShown};
    add_dns_redirect(ruleset, redirect);
  }
  std::puts("\nKernel (tables that vanish with this process; each fault waits behind its own");
  std::puts("`armed` set, which is filled when it begins and renewed each second)\n");
  std::fputs(netlink::ruleset_text(ruleset, kElementsShown).c_str(), stdout);
  if (compiled.any_dns()) {
    std::printf("# the resolver picks its own port: %u stands for it\n", kResolverPortShown);
  }
}

void print_blast_radius(const Scenario& scenario) {
  std::puts("\nBlast radius: connections that the targets match now");
  for (const Target& target : scenario.targets) {
    if (!target.names.empty()) {
      std::string names;
      for (const std::string& name : target.names) names += (names.empty() ? "" : ", ") + name;
      std::printf("  %s: every question for %s\n", target.name.c_str(), names.c_str());
    }
    if (!target.selects_packets()) continue;
    const Sockets matched = matched_now(target);
    std::printf("  %s: %zu connection%s\n", target.name.c_str(), matched.size(),
                matched.size() == 1 ? "" : "s");
    print_sockets(matched);
  }
}

}  // namespace blackstart::cli
