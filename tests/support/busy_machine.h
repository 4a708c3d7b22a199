#pragma once

// A machine with rules and qdiscs of its user's own and a far side behind a veth; and a scenario
// that switches faults towards there all the time. For what kills must leave as it was.

#include <unistd.h>

#include <chrono>
#include <stdexcept>
#include <string>

#include "support/command.h"
#include "support/kernel_state.h"
#include "support/other_netns.h"
#include "support/udp.h"

namespace blackstart::test {

// In the calling thread's namespace, which must be a fresh one: 10.0.0.1 on v1, 10.0.0.2 beyond.
class BusyMachine {
 public:
  BusyMachine() {
    must("ip link set lo up && ip link add v1 type veth peer name v2 netns /proc/" +
         std::to_string(::getpid()) + "/fd/" + std::to_string(far_.fd().get()));
    {
      const NetnsGuard guard{far_.fd()};
      must("ip link set lo up && ip link set v2 up && ip addr add 10.0.0.2/24 dev v2");
    }
    must(
        "set -e\n"
        "ip link set v1 up\n"
        "ip addr add 10.0.0.1/24 dev v1\n"
        "tc qdisc add dev v1 root handle 1: htb default 10\n"
        "tc class add dev v1 parent 1: classid 1:1 htb rate 800mbit\n"
        "tc class add dev v1 parent 1:1 classid 1:10 htb rate 700mbit ceil 800mbit\n"
        "tc class add dev v1 parent 1:1 classid 1:20 htb rate 100mbit ceil 800mbit prio 1\n"
        "tc qdisc add dev v1 parent 1:10 handle 10: pfifo limit 500\n"
        "tc qdisc add dev v1 parent 1:20 handle 20: pfifo limit 50\n"
        "nft add table inet theirs\n"
        "nft 'add set inet theirs bad { type ipv4_addr; flags interval; elements = {"
        " 198.51.100.0/24, 203.0.113.7 }; }'\n"
        "nft 'add chain inet theirs in { type filter hook input priority 0; policy accept; }'\n"
        "nft 'add rule inet theirs in ip saddr @bad drop'\n"
        "ip rule add fwmark 0x7 lookup 100\n"
        "ip route add 192.0.2.0/24 via 10.0.0.2 table 100\n"
        "ip route add 203.0.113.0/24 via 10.0.0.2\n"
        "ip -6 route add 2001:db8:7::/48 dev v1\n");
    // Until the link-local address has settled, and nothing moves by itself.
    do {
      before_ = kernel_state();
      wait(std::chrono::milliseconds{200});
    } while (before_ != kernel_state() ||
             before_["ip -o link"].find("NO-CARRIER") != std::string::npos ||
             before_["ip -o addr"].find("tentative") != std::string::npos);
  }

  const UniqueFd& far() const { return far_.fd(); }

  // What has changed since; `but_own_devices` leaves inert devices of ours out.
  std::string changes(bool but_own_devices) const {
    const KernelState now = kernel_state();
    return difference(before_, but_own_devices ? without_own_devices(now) : now);
  }

  // What a run of ours makes the kernel load brings sysctls with it. Call it after the first one;
  // returns what was changed of those that were there.
  std::string accept_new_sysctls() {
    KernelState now = kernel_state();
    KernelState then = before_;
    for (const auto& [what, text] : now) {
      if (what.starts_with("/")) then.emplace(what, text);
    }
    before_ = then;
    return difference(then, now);
  }

 private:
  static void must(const std::string& script) {
    const Outcome outcome = shell("exec 2>&1\n" + script);
    if (outcome.code != 0) throw std::runtime_error{outcome.output};
  }

  OtherNetns far_;
  KernelState before_;
};

inline bool own_devices_are_there() {
  const KernelState now = kernel_state();
  return now != without_own_devices(now);
}

// Every kind of fault towards `peer`, each switched several times a second, for so long; `more`
// are further lines of the file, `probes` of its probes.
inline std::string switching_scenario(const std::string& span, const std::string& more = {},
                                      const std::string& peer = "10.0.0.2",
                                      const std::string& probes = {}) {
  const auto entry = [&](const char* pulse, const std::string& fault) {
    return "  - {at: 0s, for: " + span + ", pulse: {" + pulse + "}, " + fault + "}\n";
  };
  return "blackstart: 1\n"
         "title: Faults that are switched all the time\n"
         "targets:\n"
         "  peer: {cidr: [" +
         peer +
         "/32]}\n"
         "  web: {cidr: [" +
         peer +
         "/32], port: [80], protocol: tcp}\n"
         "  name: {names: [kills.example]}\n"
         "probes:\n"
         "  web: {tcp: '" +
         peer + ":80', every: 50ms, timeout: 100ms}\n" + probes +
         "watch: {baseline: 0s, hold: 50ms, limit: 100ms}\n" + more + "timeline:\n" +
         entry("on: 60ms, off: 90ms", "partition: {target: peer, how: drop}") +
         entry("on: 80ms, off: 50ms", "network: {target: peer, delay: 80ms, jitter: 10ms}") +
         entry("on: 70ms, off: 110ms", "network: {target: peer, loss: 30%}") +
         entry("on: 100ms, off: 120ms", "network: {target: peer, rate: 64kbit}") +
         entry("on: 90ms, off: 60ms", "dns: {target: name, answer: nxdomain}") +
         entry("on: 50ms, off: 70ms", "partition: {target: web, how: reset}") +
         entry("on: 150ms, off: 100ms", "network: {target: web, delay: {from: 0ms, to: 90ms}}");
}

}  // namespace blackstart::test
