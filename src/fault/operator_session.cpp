#include "fault/operator_session.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>

#include "fault/selector.h"
#include "sys/netns.h"
#include "sys/process_tree.h"

namespace blackstart {
namespace {

using netlink::SocketInfo;
using netlink::SocketState;

// OpenSSH from 9.8 on has sshd-session and sshd-auth for what a connection is served by.
bool is_ssh_server(const std::string& name) {
  return name == "sshd" || name.starts_with("sshd-") || name == "dropbear";
}

// "tmux: server"; screen's server calls itself in capitals on some systems.
bool is_multiplexer(const std::string& name) {
  return name.starts_with("tmux") || name == "screen" || name == "SCREEN";
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (bad != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

std::optional<Address> parse_client(std::string_view text) {
  constexpr std::string_view kMapped = "::ffff:";
  text = text.substr(0, text.find('%'));
  if (text.starts_with(kMapped) && text.find('.') != std::string_view::npos) {
    text.remove_prefix(kMapped.size());
  }
  return parse_address(text);
}

bool says(const SshClaim& claim, const SocketInfo& socket) {
  return socket.remote == claim.client && socket.local.port == claim.server_port;
}

bool is_mirror(const SocketInfo& one, const SocketInfo& other) {
  return one.local == other.remote && one.remote == other.local;
}

// Finds what is to be exempt among the established sockets.
class SessionFinder {
 public:
  explicit SessionFinder(const SessionFacts& facts) : facts_{facts} {
    for (const SocketInfo& socket : facts.sockets) {
      if (socket.state == SocketState::established) established_.push_back(&socket);
    }
  }

  OperatorSession find() {
    bool unsure = false;
    for (const Ancestor& ancestor : facts_.ancestors) {
      take([&](const SocketInfo& socket) {
        return ancestor.sockets.contains(socket.inode) ||
               (ancestor.claim && says(*ancestor.claim, socket));
      });
      unsure = unsure || is_multiplexer(ancestor.name);
    }
    const bool from_here = std::ranges::any_of(
        taken_, [&](const SocketInfo* socket) { return mirror_of(*socket) != nullptr; });
    if (unsure || from_here || (taken_.empty() && told())) take_all_of_servers();
    return result();
  }

 private:
  template <class Matches>
  void take(Matches matches) {
    for (const SocketInfo* socket : established_) {
      if (matches(*socket)) taken_.insert(socket);
    }
  }

  // Servers are known by their processes, or, to one who may not look at those, by their port.
  void take_all_of_servers() {
    take([&](const SocketInfo& socket) {
      return facts_.of_servers.contains(socket.inode) ||
             std::ranges::any_of(facts_.ancestors, [&](const Ancestor& ancestor) {
               return ancestor.claim && ancestor.claim->server_port == socket.local.port;
             });
    });
  }

  // Some ancestor came by SSH. What it says is of its network; where a program was moved into
  // another one, its own ancestors tell.
  bool told() const {
    const Ancestor* first = nullptr;
    for (const Ancestor& ancestor : facts_.ancestors) {
      if (ancestor.claim || is_ssh_server(ancestor.name)) first = &ancestor;
    }
    return first != nullptr && first->here;
  }

  const SocketInfo* mirror_of(const SocketInfo& socket) const {
    const auto found = std::ranges::find_if(
        established_, [&](const SocketInfo* other) { return is_mirror(socket, *other); });
    return found == established_.end() ? nullptr : *found;
  }

  OperatorSession result() const {
    OperatorSession session{.remote = !taken_.empty() || told(), .interfaces = facts_.interfaces};
    std::set<const SocketInfo*> all = taken_;
    for (const SocketInfo* socket : taken_) {
      if (const SocketInfo* mirror = mirror_of(*socket)) all.insert(mirror);
    }
    for (const SocketInfo* socket : all) session.sockets.push_back(*socket);
    return session;
  }

  const SessionFacts& facts_;
  std::vector<const SocketInfo*> established_;
  std::set<const SocketInfo*> taken_;
};

bool same_file(const std::string& path, const struct stat& file) {
  struct stat other {};
  return ::stat(path.c_str(), &other) == 0 && other.st_dev == file.st_dev &&
         other.st_ino == file.st_ino;
}

std::optional<SshClaim> claim_of(int pid) {
  for (const char* variable : {"SSH_CONNECTION", "SSH_CLIENT"}) {
    const auto claim = parse_ssh_claim(started_with(pid, variable).value_or(""));
    if (claim) return claim;
  }
  return std::nullopt;
}

SessionFacts session_facts(const struct stat& netns) {
  SessionFacts facts;
  for (const ProcessName& process : process_ancestry()) {
    Ancestor& ancestor = facts.ancestors.emplace_back(Ancestor{.name = process.name});
    ancestor.claim = claim_of(process.pid);
    if (is_ssh_server(process.name)) ancestor.sockets = sockets_of(process.pid);
    ancestor.here = same_file("/proc/" + std::to_string(process.pid) + "/ns/net", netns);
  }
  for (const ProcessName& process : all_processes()) {
    if (is_ssh_server(process.name)) facts.of_servers.merge(sockets_of(process.pid));
  }
  facts.sockets = netlink::SocketDiag{}.list(Protocol::tcp);
  facts.interfaces = address_interfaces();
  return facts;
}

bool covers_all(const Target& target) {
  const bool tcp = !target.protocol || *target.protocol == Protocol::tcp;
  const bool everywhere =
      target.cidr.empty() ||
      std::ranges::any_of(target.cidr, [](const Prefix& prefix) { return prefix.length == 0; });
  return tcp && everywhere && target.names.empty() && !target.aws && target.port.empty() &&
         !target.uid && target.cgroup.empty();
}

}  // namespace

std::optional<SshClaim> parse_ssh_claim(std::string_view text) {
  const std::vector<std::string_view> words = words_of(text);
  if (words.size() != 3 && words.size() != 4) return std::nullopt;
  const auto client = parse_client(words[0]);
  const auto client_port = parse_port(words[1]);
  const auto server_port = parse_port(words.back());
  if (!client || !client_port || !server_port) return std::nullopt;
  return SshClaim{{*client, *client_port}, *server_port};
}

OperatorSession operator_session(const SessionFacts& facts) { return SessionFinder{facts}.find(); }

OperatorSession find_operator_session(const UniqueFd& netns) {
  const UniqueFd here = netns ? duplicate(netns.get()) : open_own_netns();
  struct stat file {};
  check("fstat(network namespace)", ::fstat(here.get(), &file));
  const MaybeInNetns inside{netns};
  return operator_session(session_facts(file));
}

bool may_lock_out(const Target& target, const OperatorSession& session,
                  const std::optional<CgroupId>& cgroup) {
  const bool this_way = target.interface.empty() || session.sockets.empty();
  if (session.remote && this_way && covers_all(target)) return true;
  return std::ranges::any_of(session.sockets, [&](const SocketInfo& socket) {
    return is_connection_to(socket, target, cgroup, session.interfaces);
  });
}

bool proxy_may_lock_out(const Target& target, const OperatorSession& session) {
  if (of_local_senders(target)) return false;
  if (session.remote && covers_all(target)) return true;
  return std::ranges::any_of(session.sockets, [&](const SocketInfo& socket) {
    return is_connection_to(other_end(socket), target, {}, session.interfaces);
  });
}

std::vector<std::uint32_t> entries_that_lock_out(const Scenario& scenario,
                                                 const CompiledEntries& compiled,
                                                 const OperatorSession& session) {
  std::vector<std::uint32_t> out;
  for (const CompiledEntry& entry : compiled.entries) {
    if (!entry.inet && !entry.netdev) continue;
    const Target& target = scenario.targets[scenario.timeline[entry.entry].target];
    const auto cgroup = target.cgroup.empty() ? std::nullopt : find_cgroup(target.cgroup);
    const bool proxied = std::ranges::find(compiled.proxied, entry.entry, &ProxiedEntry::entry) !=
                         compiled.proxied.end();
    if (proxied ? proxy_may_lock_out(target, session) : may_lock_out(target, session, cgroup)) {
      out.push_back(entry.entry);
    }
  }
  return out;
}

}  // namespace blackstart
