#pragma once

// From the faults of a timeline to what the kernel and the resolver must hold for them.
//
// Everything is compiled once, for one network namespace, into one value: rules for all of its
// entries, each behind an `armed` set of its own, so that switching a step of the timeline is
// filling and emptying small sets and never changes a rule. Pure: devices and ports that only
// the machine knows are filled in by the enforcer (bind_devices(), add_dns_redirect(),
// fill_proxy_ports()).
//
// Which packets an entry selects. `out` is a packet to the target, `in` one from it. Addresses,
// ports and devices are those on the wire: after NAT on the way out, before it on the way in. On
// loopback every packet goes out and comes in.
//
// What happens to a selected packet, and where. Local senders must see what they would see of
// a real outage: a drop in output is EPERM to them and one at egress is ENOBUFS, neither of
// which any network says; so what goes out is sent to a device of ours that swallows it. A
// rejection in output answers a sender that is still inside its connect() or sendto(): too
// early for TCP, which then takes an ICMP error for a hint only, and EPERM for UDP; so such
// packets are sent to a device behind which we answer them like a router, a moment later.
//
//   drop         out: netdev egress → kSwallowDevice; by cgroup: marked in inet output, then so
//                in:  drop at netdev ingress; by uid or cgroup: in inet input
//   reset        out: TCP: a reset, from inet output. Else: marked there, netdev egress →
//                     kPortAnswerDevice. Forwarded packets: rejected in inet forward
//                in:  rejected in inet input and forward; the peer is told, we hear nothing
//   unreachable  the same with "host unreachable", TCP included → kHostAnswerDevice
//
// What answers such a rejection (conntrack's `related`, so these two switch conntrack on) is
// itself never rejected. The marks are a few bits of the packet mark (MarkBits), never the whole
// of it.
//
// A `network` fault sends what it selects to devices of ours that impair it and give it back
// (shaping.h), after all partitions; its loss of single packets is a rule before that. What a
// process sends is known, what comes for it is not, before it is delivered: so a target with
// `uid` or `cgroup` has both ways impaired on the way out.
//
// Without netem a thread of ours holds packets (packet_shaper.h), where they come in: what waits
// on its way out counts against the socket that sent it, and slows that down. So what comes from
// a target bears the delay of both ways, but for loopback, where everything comes in. A rate is
// kept by devices there too.
//
// A `proxy` fault redirects the first packet of what selects it, and so the connection, to a
// proxy of ours (toxic_proxies.h), from nat chains in output and, for what others send through this
// machine or to it, in prerouting. Addresses and ports are those that the client asked for. What
// the proxy sends on bears MarkBits::ours() and meets `network` faults and partitions on its way.
// Where its target is a proxy of an API, there are no rules: see named_proxies.h.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blackstart/fault.h"
#include "blackstart/scenario.h"
#include "core/timeline.h"
#include "dns/answer.h"
#include "fault/cgroup.h"
#include "fault/shaping.h"
#include "netlink/ruleset.h"
#include "toxic/toxic.h"

namespace blackstart {

// The bits of the packet mark that are ours: eight neighbours, changeable because others use
// marks too (kube-proxy 0xc000, Tailscale 0xff0000, Calico from 0x10000 upwards).
struct MarkBits {
  std::uint32_t lowest = 0x0100'0000;

  constexpr std::uint32_t mask() const { return lowest * 0xff; }
  // A question of our own resolver to its upstream: never redirected. It meets partitions like
  // the application's question that it stands for.
  constexpr std::uint32_t ours() const { return lowest; }
  constexpr std::uint32_t swallow() const { return lowest << 1; }
  constexpr std::uint32_t port_unreachable() const { return lowest << 2; }
  constexpr std::uint32_t host_unreachable() const { return lowest << 3; }
  // What the n-th of the cgroups sends that `network` faults select.
  static constexpr std::size_t kCgroups = 4;
  constexpr std::uint32_t cgroup(std::size_t n) const { return lowest << (4 + n); }

  // The last bit must still be one of 32.
  constexpr bool valid() const {
    return lowest != 0 && (lowest & (lowest - 1)) == 0 && lowest <= (1u << 24);
  }
};

enum class PartitionHow : std::uint8_t { drop, reset, unreachable };

struct PartitionSpec {
  PartitionHow how = PartitionHow::drop;
  TrafficDirection direction = TrafficDirection::both;
  bool cut_existing = false;
};

struct ProxySpec {
  std::vector<std::shared_ptr<const toxic::Toxic>> toxics;  // names differ
  bool cut_existing = false;
};

// The rung with what belongs to it.
struct Engine {
  ShapeEngine kind = ShapeEngine::netem;
  netlink::QueueTo::Via queue_via = netlink::QueueTo::Via::nft;  // of nfqueue: what the kernel has
};

struct CompileOptions {
  MarkBits marks;
  Engine engine;
  // How a target's cgroup is found; tests give their own.
  std::function<std::optional<CgroupId>(const std::string&)> cgroup = find_cgroup;
};

// One entry of the timeline that acts in this namespace.
struct EntryToCompile {
  std::uint32_t entry = 0;  // index into Scenario::timeline
  const Fault* fault = nullptr;
  const Target* target = nullptr;
  // When it can be in force, in real time of the timeline (Timeline::extent).
  Duration begin{}, end = Duration::max();
};

// An entry of `scenario`, which must outlive it.
EntryToCompile entry_to_compile(const Scenario& scenario, const Timeline& timeline,
                                std::uint32_t entry);

// An established connection that an entry ends when it comes on.
struct ConnectionCut {
  std::uint32_t entry = 0;
  Target target;
  bool served = false;  // those too that others have to a target on this machine
};

// An entry whose connections a proxy takes.
struct ProxiedEntry {
  std::uint32_t entry = 0;
  std::vector<std::shared_ptr<const toxic::Toxic>> toxics;
};
// An entry whose target is a proxy of an API.
struct NamedEntry {
  std::uint32_t entry = 0;
  std::string api, proxy;  // of the target
  std::vector<std::shared_ptr<const toxic::Toxic>> toxics;
};
using ProxyPorts = std::map<std::uint32_t, std::uint16_t>;  // by entry

// An entry whose rules match on addresses that its target's names were answered with.
struct FollowedEntry {
  struct Set {
    netlink::Family family = netlink::Family::inet;
    std::string name;
    bool v6 = false;
  };
  std::uint32_t entry = 0;
  std::vector<std::string> names;  // as the target says them
  std::vector<Set> sets;           // of single addresses; each address belongs into all of its kind
};

// What one entry has in the ruleset.
struct CompiledEntry {
  std::uint32_t entry = 0;
  std::string armed;    // name of its `armed` set: "armed_3"
  std::string counter;  // name of its counter: "entry_3"
  std::string lost;     // of the one for what its rules lose: "lost_3"; empty for none
  bool dns = false;
  bool inet = false, netdev = false;  // the tables that have the set and the counter
};

struct CompiledEntries {
  // Without devices, without the redirect of questions, and with redirects to port 0 for proxies.
  netlink::Ruleset ruleset;
  std::vector<dns::FaultRule> dns;
  std::vector<ProxiedEntry> proxied;
  std::vector<NamedEntry> named;
  std::vector<ConnectionCut> cuts;
  std::vector<FollowedEntry> followed;
  std::vector<ShapedClass> classes;         // devices to make, and what they do
  std::vector<std::string> marked_cgroups;  // in the order of MarkBits::cgroup()
  std::vector<CompiledEntry> entries;       // in the order given
  std::vector<std::string> interfaces;      // that targets name; they must exist
  MarkBits marks;
  ShapeEngine engine = ShapeEngine::netem;
  bool swallows = false;  // some rule sends packets to kSwallowDevice
  bool answers = false;   // some rule sends packets to the devices behind which we answer

  // Some chains hang on devices.
  bool on_devices() const;
  bool any_dns() const { return !dns.empty(); }
  // Questions must come by the embedded resolver.
  bool needs_resolver() const { return any_dns() || !followed.empty(); }
  const CompiledEntry* find(std::uint32_t entry) const;
  // Where `named` proxies are controlled, over TCP.
  std::vector<Endpoint> apis() const;
};

// Our devices, inert without rules. An IFB whose root qdisc is `blackhole`; and a veth pair: who
// sends into the one end is told "host unreachable", into the other "port unreachable".
inline constexpr const char* kSwallowDevice = "bs0";
inline constexpr const char* kHostAnswerDevice = "bs1";
inline constexpr const char* kPortAnswerDevice = "bs2";
inline constexpr unsigned kFirstShapingDevice = 3;  // "bs3" and upwards: ShapedClass::device

// Numbers of the queues that classes get: from here on, in the namespace's range of 65,536.
inline constexpr unsigned kFirstQueue = 47'600;

// Entered by the chains that hang on devices.
inline constexpr const char* kEgressChain = "fault_egress";
inline constexpr const char* kIngressChain = "fault_ingress";

// Throws std::runtime_error where a target names a cgroup that does not exist.
CompiledEntries compile_entries(std::span<const EntryToCompile> entries,
                                const CompileOptions& options = {});

// The ruleset's table for the whole namespace, which is made where there is none.
netlink::Table& inet_table(netlink::Ruleset& ruleset);

// Adds the chains that hang on devices: on `devices` (those of the namespace but ours, lo
// included) and on our own. For plan and for the enforcer. Where anything acts there is an inet
// table, if an empty one: the lock, in which any two runs of a namespace meet.
netlink::Ruleset bind_devices(const CompiledEntries& compiled,
                              const std::vector<std::string>& devices);

// Says where the proxies listen.
void fill_proxy_ports(netlink::Ruleset& ruleset, const CompiledEntries& compiled,
                      const ProxyPorts& ports);

// The same chains once more for a device that has appeared since; its number keeps names apart.
std::vector<netlink::Chain> late_chains(const CompiledEntries& compiled, const std::string& device,
                                        std::uint32_t device_index);

class RuleBook;

// Where a Fault says what must be in force while it is on; handed to Fault::compile.
class FaultCompiler {
 public:
  FaultCompiler(RuleBook& book, const Target& target) : book_{book}, target_{target} {}

  const Target& target() const { return target_; }

  // `rule.entry` is set here, and `rule.names` to the target's where it is empty.
  void add_dns(dns::FaultRule rule);

  void add_partition(const PartitionSpec& spec);
  void add_network(const NetworkSpec& spec);
  void add_proxy(const ProxySpec& spec);

 private:
  RuleBook& book_;
  const Target& target_;
};

}  // namespace blackstart
