#include "cli/preview.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "api/holder.h"
#include "blackstart/limits.h"
#include "blackstart/params.h"
#include "core/words.h"
#include "fault/compiler.h"
#include "fault/cutter.h"
#include "fault/devices.h"
#include "fault/exempt.h"
#include "fault/fidelity.h"
#include "fault/operator_session.h"
#include "fault/redirect.h"
#include "fault/shaping_devices.h"
#include "netlink/ruleset_text.h"
#include "netlink/sock_diag.h"
#include "run/names_now.h"
#include "sys/process_tree.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kElementsShown = 20;
constexpr std::size_t kSocketsShown = 12;
constexpr std::uint16_t kResolverPortShown = 53'530;
constexpr std::uint16_t kProxyPortShown = 47'700;

CompiledEntries compiled_of(const Scenario& scenario, const Engine& engine) {
  const Timeline timeline{scenario};
  std::vector<EntryToCompile> entries;
  for (std::uint32_t i = 0; i < scenario.timeline.size(); ++i) {
    if (scenario.timeline[i].fault) entries.push_back(entry_to_compile(scenario, timeline, i));
  }
  CompileOptions options;
  options.engine = engine;
  return compile_entries(entries, options);
}

const char* way_of(TrafficDirection way) {
  return way == TrafficDirection::both ? "both ways" : way == TrafficDirection::out ? "out" : "in";
}

// "bs3 (ifb, netem, out): delay 0s; at the end delay 800ms  # slow".
void print_devices(const Scenario& scenario, const CompiledEntries& compiled) {
  if (compiled.classes.empty()) return;
  const bool netem = compiled.engine == ShapeEngine::netem;
  std::puts("\nWhat gives packets back impaired\n");
  for (const ShapedClass& one : compiled.classes) {
    std::string whose;
    Progress end;
    for (const std::uint32_t entry : one.entries) {
      whose += (whose.empty() ? "" : " + ") + scenario.timeline[entry].name;
      end[entry] = 1.0;
    }
    std::string from = to_text(one.impairment({}));
    const std::string to = to_text(one.impairment(end));
    if (from.empty()) from = "nothing at first";
    const std::string name = one.device.empty() ? "queue " + std::to_string(one.queue) : one.device;
    const char* engine = one.device.empty() ? "nfqueue" : netem ? "ifb, netem" : "ifb, htb";
    std::printf("  %s (%s, %s): %s%s  # %s\n", name.c_str(), engine, way_of(one.way), from.c_str(),
                from == to ? "" : ("; at the end " + to).c_str(), whose.c_str());
  }
}

void print_engines(const Scenario& scenario, const CompiledEntries& compiled) {
  std::puts("\nWhat carries out each fault here");
  for (const CompiledEntry& one : compiled.entries) {
    const Entry& entry = scenario.timeline[one.entry];
    const Fidelity use = fidelity(compiled, one.entry, scenario.targets[entry.target]);
    std::printf("  %s: %s\n", entry.name.c_str(), use.engine.c_str());
    for (const std::string& lost : use.lost) std::printf("      %s\n", lost.c_str());
  }
}

// Whose a socket is: the processes that hold its inode.
std::map<std::uint32_t, std::string> socket_owners(const std::set<std::uint32_t>& inodes) {
  std::map<std::uint32_t, std::string> owners;
  std::error_code skip;
  for (const ProcessName& process : all_processes()) {
    const std::string pid = std::to_string(process.pid);
    for (const std::uint32_t inode : sockets_of(process.pid)) {
      if (!inodes.contains(inode)) continue;
      const std::string program = fs::read_symlink("/proc/" + pid + "/exe", skip).filename();
      owners[inode] = program + " (pid " + pid + ")";
    }
  }
  return owners;
}

using Sockets = std::vector<netlink::SocketInfo>;

struct Matched {
  Sockets connections, listeners;
};

Matched matched_now(const Target& target, const std::set<Address>& followed) {
  const AddressInterfaces interfaces = address_interfaces();
  const auto cgroup = target.cgroup.empty() ? std::nullopt : find_cgroup(target.cgroup);
  Matched out;
  for (netlink::SocketInfo& socket : netlink::SocketDiag{}.list(Protocol::tcp)) {
    if (is_connection_to(socket, target, cgroup, interfaces, followed)) {
      out.connections.push_back(std::move(socket));
    } else if (is_listener_of(socket, target, cgroup, interfaces, followed)) {
      out.listeners.push_back(std::move(socket));
    }
  }
  return out;
}

void print_sockets(const Sockets& sockets) {
  std::set<std::uint32_t> inodes;
  for (const auto& socket : sockets) inodes.insert(socket.inode);
  const auto owners = socket_owners(inodes);
  for (std::size_t i = 0; i < std::min(sockets.size(), kSocketsShown); ++i) {
    const auto owner = owners.find(sockets[i].inode);
    const bool listens = sockets[i].state == netlink::SocketState::listening;
    const std::string peer = listens ? "" : " → " + to_text(sockets[i].remote);
    std::printf("    %s%s%s  %s\n", listens ? "listens on " : "", to_text(sockets[i].local).c_str(),
                peer.c_str(), owner == owners.end() ? "" : owner->second.c_str());
  }
  if (sockets.size() > kSocketsShown) {
    std::printf("    and %zu more\n", sockets.size() - kSocketsShown);
  }
}

NamesNow print_kernel_operations(const Scenario& scenario, const CompiledEntries& compiled,
                                 const OperatorSession& session) {
  netlink::Ruleset ruleset = bind_devices(compiled, other_devices());
  NamesNow names = look_up_names_now(scenario, compiled, {}, ruleset);
  Exemptions exempt{.connections = session.sockets};
  if (compiled.needs_resolver()) {
    RedirectOptions redirect;
    redirect.ports = exempt.resolver = {kResolverPortShown, kResolverPortShown};
    add_dns_redirect(ruleset, redirect);
  }
  if (!compiled.proxied.empty()) exempt.proxies = compiled.marks.ours();
  exempt.apis = compiled.apis();
  add_exemptions(ruleset, exempt);
  ProxyPorts proxies;
  for (const ProxiedEntry& one : compiled.proxied) {
    proxies[one.entry] = static_cast<std::uint16_t>(kProxyPortShown + proxies.size());
  }
  fill_proxy_ports(ruleset, compiled, proxies);
  if (ruleset.tables.empty()) return names;
  std::puts("\nKernel (tables that vanish with this process; each fault waits behind its own");
  std::puts("`armed` set, which is filled when it begins and renewed each second)\n");
  std::fputs(netlink::ruleset_text(ruleset, kElementsShown).c_str(), stdout);
  if (compiled.needs_resolver()) {
    std::printf("# the resolver picks its own port: %u stands for it\n", kResolverPortShown);
  }
  for (const auto& [entry, port] : proxies) {
    std::printf("# its proxy picks its own port: %u stands for that of '%s'\n", port,
                scenario.timeline[entry].name.c_str());
  }
  print_devices(scenario, compiled);
  return names;
}

void print_aws(const Scenario& scenario) {
  const auto of_aws = [](const Target& target) { return target.aws.has_value(); };
  if (std::ranges::none_of(scenario.targets, of_aws)) return;
  std::puts("\nAWS: packets to and from");
  for (const Target& target : scenario.targets) {
    if (target.aws) std::printf("  %s: %s\n", target.name.c_str(), target.aws->found.c_str());
  }
}

void print_names(const StartLookup& lookup) {
  if (lookup.found.empty() && lookup.warnings.empty()) return;
  std::puts("\nNames: packets to and from what they are answered with; known now");
  for (const auto& [name, addresses] : lookup.found) {
    std::string text;
    for (const Address& address : addresses) text += (text.empty() ? "" : ", ") + to_text(address);
    std::printf("  %s: %s\n", name.c_str(), text.c_str());
  }
  for (const std::string& warning : lookup.warnings) std::printf("  %s\n", warning.c_str());
}

// What the names of a target stand for: of its entries with rules for packets.
std::set<Address> addresses_of(const Scenario& scenario, std::size_t target,
                               const NamesNow& names) {
  std::set<Address> out;
  for (const auto& [entry, addresses] : names.by_entry) {
    if (scenario.timeline[entry].target == target) out.insert(addresses.begin(), addresses.end());
  }
  return out;
}

bool has_packet_faults(const CompiledEntries& compiled, const Scenario& scenario,
                       std::size_t target) {
  return std::ranges::any_of(compiled.entries, [&](const CompiledEntry& entry) {
    return (entry.inet || entry.netdev) && scenario.timeline[entry.entry].target == target;
  });
}

// A stack that is to be started may be what brings them.
void print_named_proxies(const Scenario& scenario) {
  for (const Target& target : scenario.targets) {
    if (target.proxy.empty()) continue;
    std::string found;
    try {
      const auto proxies = api::Holder{target.api}.look().proxies;
      const auto proxy = proxies.find(target.proxy);
      found = proxy == proxies.end() ? "no such proxy is there now"
                                     : counted(proxy->second.open, "connection", "connections");
    } catch (const std::runtime_error& failure) {
      found = failure.what();
    }
    std::printf("  %s: the proxy %s of %s: %s\n", target.name.c_str(), target.proxy.c_str(),
                target.api.c_str(), found.c_str());
  }
}

void print_blast_radius(const Scenario& scenario, const CompiledEntries& compiled,
                        const NamesNow& names) {
  std::puts("\nBlast radius: what the targets match now");
  for (std::size_t i = 0; i < scenario.targets.size(); ++i) {
    const Target& target = scenario.targets[i];
    if (!target.names.empty()) {
      std::string list;
      for (const std::string& name : target.names) list += (list.empty() ? "" : ", ") + name;
      std::printf("  %s: every question for %s\n", target.name.c_str(), list.c_str());
    }
    if (!target.selects_packets() && !has_packet_faults(compiled, scenario, i)) continue;
    const Matched matched = matched_now(target, addresses_of(scenario, i, names));
    std::printf("  %s: %s, %s\n", target.name.c_str(),
                counted(matched.connections.size(), "connection", "connections").c_str(),
                counted(matched.listeners.size(), "listener", "listeners").c_str());
    print_sockets(matched.connections);
    print_sockets(matched.listeners);
  }
  print_named_proxies(scenario);
}

// Who started this, and what a run would do for that.
void print_session(const Scenario& scenario, const CompiledEntries& compiled,
                   const OperatorSession& session) {
  if (!session.remote) return;
  std::puts("\nYour own way here: no fault touches it");
  for (const netlink::SocketInfo& socket : session.sockets) {
    std::printf("  %s → %s\n", to_text(socket.local).c_str(), to_text(socket.remote).c_str());
  }
  if (session.sockets.empty())
    std::puts("  nobody knows which connection it is, so none is spared");
  for (const std::uint32_t entry : entries_that_lock_out(scenario, compiled, session)) {
    std::printf(
        "  '%s' would hit a new one from you: it lifts by itself unless you confirm it\n"
        "  within %s, or say --i-am-local\n",
        scenario.timeline[entry].name.c_str(), duration_text(limits::confirm_within).c_str());
  }
}

}  // namespace

void print_preview(const Scenario& scenario, const Engine& engine) {
  const CompiledEntries compiled = compiled_of(scenario, engine);
  print_engines(scenario, compiled);
  OperatorSession session;
  if (scenario.where.kind == Where::Kind::host) session = find_operator_session({});
  const NamesNow names = print_kernel_operations(scenario, compiled, session);
  print_aws(scenario);
  print_names(names.lookup);
  print_blast_radius(scenario, compiled, names);
  print_session(scenario, compiled, session);
}

}  // namespace blackstart::cli
