#pragma once

// Whether the person who started us sits elsewhere, and the connection that a fault must leave
// alone so that this person is never locked out.
//
// sshd(8) says it to every session in SSH_CONNECTION, and sudo(8) takes it away: so we ask our
// ancestors, each of which still has the environment that it was started with, and see whether
// one of them is an SSH server that holds a connection. Only what the kernel lists as established
// in the namespace of the faults counts. tmux(1) and screen(1) outlive the connection that they
// were started by, and nobody can be asked for the present one: below them, and wherever what is
// said is out of date, every connection of a local SSH server is taken for the operator's. So it
// is where the connection comes from this very machine, which is a way station then.
//
// Not found: sessions by other programs (a cloud's agent, a web console), those that are started
// by a service manager, and those outside a container in which we run.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/scenario.h"
#include "fault/compiler.h"
#include "fault/cutter.h"
#include "netlink/sock_diag.h"
#include "sys/fd.h"

namespace blackstart {

// What a session was told of its connection.
struct SshClaim {
  Endpoint client;
  std::uint16_t server_port = 0;
};

// SSH_CONNECTION "192.0.2.7 50112 10.0.0.5 22" or SSH_CLIENT "192.0.2.7 50112 22"; IPv6 addresses
// with or without a zone; IPv4 inside IPv6 is taken for IPv4. nullopt for anything else.
std::optional<SshClaim> parse_ssh_claim(std::string_view text);

// One of our ancestors, or ourselves.
struct Ancestor {
  std::string name;                   // "sshd", "tmux: server", …
  std::optional<SshClaim> claim{};    // that it was started with
  std::set<std::uint32_t> sockets{};  // inodes, of an SSH server
  bool here = true;                   // its network is the one in which faults act
};

struct SessionFacts {
  std::vector<Ancestor> ancestors;           // ourselves first
  std::vector<netlink::SocketInfo> sockets;  // of TCP, where faults act
  AddressInterfaces interfaces;              // there
  std::set<std::uint32_t> of_servers;        // inodes that any SSH server holds
};

struct OperatorSession {
  bool remote = false;  // someone sits at the other end of this network
  // The connections by which that may be; for one within this machine, both of its ends.
  std::vector<netlink::SocketInfo> sockets{};
  AddressInterfaces interfaces{};
};

OperatorSession operator_session(const SessionFacts& facts);

// The same with what this machine shows. `netns`: where faults act; none: the caller's own. What
// may not be read is as good as not there. Throws std::system_error where sockets cannot be listed.
OperatorSession find_operator_session(const UniqueFd& netns);

// Whether a fault that takes packets of this target would take those of a new connection by the
// same person: it covers that person's address, or everything there is.
bool may_lock_out(const Target& target, const OperatorSession& session,
                  const std::optional<CgroupId>& cgroup = {});

// The same of a fault that takes connections of this target to a proxy: new ones of that person
// would be to this machine.
bool proxy_may_lock_out(const Target& target, const OperatorSession& session);

// Of the entries with rules for packets, those for which that holds.
std::vector<std::uint32_t> entries_that_lock_out(const Scenario& scenario,
                                                 const CompiledEntries& compiled,
                                                 const OperatorSession& session);

}  // namespace blackstart
