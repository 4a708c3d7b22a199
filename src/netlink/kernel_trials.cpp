#include "netlink/kernel_trials.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "netlink/link.h"
#include "netlink/nfqueue.h"
#include "netlink/nft_owner.h"
#include "netlink/qdisc.h"
#include "netlink/sock_diag.h"
#include "sys/fd.h"

namespace blackstart::netlink {
namespace {

constexpr const char* kArmed = "armed";

BaseChain inet_hook(ChainType type, Hook hook, std::int32_t priority) {
  return {.type = type, .hook = hook, .priority = priority, .devices = {}};
}

BaseChain netdev_hook(Hook hook) {
  return {.type = ChainType::filter, .hook = hook, .priority = 0, .devices = {"lo"}};
}

// An owned table with one chain of these rules.
Table table_of(Family family, BaseChain base, std::vector<Rule> rules) {
  Table table;
  table.family = family;
  table.sets.push_back(armed_set(kArmed));
  table.chains.push_back({.name = "trial", .base = std::move(base), .rules = std::move(rules)});
  return table;
}

void load(Table table) { NftOwner{}.load(Ruleset{{std::move(table)}}); }

void try_queue(QueueTo::Via via) {
  utsname machine{};
  check("uname()", ::uname(&machine));
  std::string panics;
  std::ifstream{"/proc/sys/kernel/panic_on_warn"} >> panics;
  if (dies_of_a_killed_queue(machine.release, panics)) {
    throw std::runtime_error{
        "kernel.panic_on_warn is set, and this kernel warns when a run is killed that holds "
        "packets: use netem, or set it to 0 meanwhile"};
  }
  const NfQueue queue{1, {}};
  load(table_of(Family::inet, inet_hook(ChainType::filter, Hook::prerouting, 0),
                {{{QueueTo{1, via}}, {}}}));
}

sockaddr_in loopback(std::uint16_t port = 0) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = port;
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

}  // namespace

void try_owned_tables() {
  NftOwner owner;
  owner.load(Ruleset{{table_of(Family::inet, inet_hook(ChainType::filter, Hook::output, 0),
                               {{{MatchProtocolSet{kArmed}, CountHere{}}, {}}})}});
  owner.arm(std::vector<SetArm>{{Family::inet, kArmed, true}});
}

void try_redirect() {
  const PortRange dns{53, 53};
  Table table = table_of(
      Family::inet, inet_hook(ChainType::filter, Hook::output, -300),
      {{{MatchL4{{L4::udp}}, MatchPort{Side::destination, {dns}}, SetZone{.zone = 1}}, {}}});
  table.chains.push_back(
      {.name = "trial_nat",
       .base = inet_hook(ChainType::nat, Hook::output, -150),
       .rules = {{{MatchL4{{L4::udp}}, MatchPort{Side::destination, {dns}}, RedirectTo{.port = 53}},
                  {}}}});
  load(std::move(table));
}

void try_egress_hook() {
  load(table_of(Family::netdev, netdev_hook(Hook::egress), {{{Drop{}}, {}}}));
}

void try_blackhole() {
  constexpr const char* kDevice = "bs0";
  RouteSocket route;
  route.create(kDevice, "ifb");
  set_blackhole(route, kDevice);
  route.set_up(kDevice);
  load(table_of(Family::netdev, netdev_hook(Hook::ingress), {{{ForwardTo{kDevice}}, {}}}));
}

void try_reject() {
  using With = Reject::With;
  load(table_of(Family::inet, inet_hook(ChainType::filter, Hook::output, 0),
                {{{MatchState{{CtState::related}}, Accept{}}, {}},
                 {{Reject{.with = With::tcp_reset, .code = 0}}, {}},
                 {{Reject{.with = With::icmpx, .code = 2}}, {}}}));
  RouteSocket{}.create_veth("bs1", "bs2");
  const UniqueFd tap{check("socket(AF_PACKET)", ::socket(AF_PACKET, SOCK_DGRAM, 0))};
  const UniqueFd raw{check("socket(SOCK_RAW)", ::socket(AF_INET, SOCK_RAW, IPPROTO_RAW))};
}

void try_sock_destroy() {
  RouteSocket{}.set_up("lo");
  const UniqueFd listener{check("socket()", ::socket(AF_INET, SOCK_STREAM, 0))};
  sockaddr_in at = loopback();
  check("bind()", ::bind(listener.get(), generic(at), sizeof at));
  check("listen()", ::listen(listener.get(), 1));
  socklen_t size = sizeof at;
  check("getsockname()", ::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&at), &size));
  const UniqueFd client{check("socket()", ::socket(AF_INET, SOCK_STREAM, 0))};
  check("connect()", ::connect(client.get(), generic(at), sizeof at));
  const auto ended = SocketDiag{}.destroy([](const SocketInfo& socket) {
    return socket.protocol == Protocol::tcp && socket.state == SocketState::established;
  });
  if (ended.count == 0) throw std::runtime_error{"a connection could not be ended"};
}

void try_cgroup_match() {
  const bool version_2 = ::access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0 ||
                         ::access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0;
  if (!version_2) throw std::runtime_error{"no cgroup hierarchy of version 2 is mounted"};
  load(table_of(Family::inet, inet_hook(ChainType::filter, Hook::output, 0),
                {{{MatchCgroup{.level = 1, .id = 1, .path = "trial"}, CountHere{}}, {}}}));
}

void try_rate_limit() {
  RouteSocket route;
  route.create("bs3", "ifb");
  set_rate(route, "bs3", Bandwidth{50'000'000});
}

void try_netem() {
  RouteSocket route;
  for (const char* device : {"bs4", "bs5"}) {
    route.create(device, "ifb");
    set_netem(route, device, Impairment{.delay = Duration{1'000'000}}, 1'000);
  }
  Impairment spread, bursts, doubled, ahead, corrupt, slow;
  spread.jitter = Duration{1'000'000};
  bursts.loss = 0.1;
  bursts.burst = 4.0;
  doubled.duplicate = ahead.reorder = corrupt.corrupt = 0.1;
  slow.rate = Bandwidth{1'000'000};
  std::string lacking;
  for (const auto& [name, feature] : {std::pair{"distributions", spread},
                                      {"bursts of loss", bursts},
                                      {"duplicates", doubled},
                                      {"reordering", ahead},
                                      {"corruption", corrupt},
                                      {"rates", slow}}) {
    try {
      set_netem(route, "bs4", feature, 1'000);
    } catch (const std::system_error&) {
      lacking += (lacking.empty() ? "" : ", ") + std::string{name};
    }
  }
  if (!lacking.empty()) throw std::runtime_error{"it has no " + lacking};
}

bool dies_of_a_killed_queue(const std::string& release, const std::string& panic_on_warn) {
  int major = 0, minor = 0;
  const bool known = std::sscanf(release.c_str(), "%d.%d", &major, &minor) == 2;
  return panic_on_warn == "1" && (!known || std::pair{major, minor} < std::pair{6, 10});
}

void try_nft_queue() { try_queue(QueueTo::Via::nft); }
void try_compat_queue() { try_queue(QueueTo::Via::xtables); }

}  // namespace blackstart::netlink
