#pragma once

// What a kind of fault is, and one fault as a scenario asks for it.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "blackstart/params.h"
#include "blackstart/shape.h"
#include "blackstart/time.h"

namespace blackstart {

// What a fault needs of the machine. doctor finds each out by trying; preflight holds a plan's
// needs against what was found.
enum class Needs : std::uint32_t {
  nothing = 0,
  owned_tables = 1 << 0,   // nftables with `flags owner`, and the privilege to use them
  redirect = 1 << 1,       // nft redirect and `ct zone set`
  egress_hook = 1 << 2,    // the netdev egress hook, Linux 5.16
  blackhole = 1 << 3,      // an IFB device of ours whose root qdisc is `blackhole`
  reject = 1 << 4,         // nft reject
  sock_destroy = 1 << 5,   // NETLINK_SOCK_DIAG with SOCK_DESTROY
  cgroup_match = 1 << 6,   // nft socket cgroupv2
  shaper = 1 << 7,         // an engine for delay, loss and rate
  proxy = 1 << 8,          // stream toxics
  rate_limit = 1 << 9,     // holding packets to a rate: without netem, HTB on an IFB device
  netem = 1 << 10,         // the kernel's network emulator, on an IFB device
  nft_queue = 1 << 11,     // the nft expression `queue`, and someone to listen
  compat_queue = 1 << 12,  // the same as iptables' target, through nft_compat
};
constexpr Needs operator|(Needs a, Needs b) {
  return Needs{static_cast<std::uint32_t>(a) | static_cast<std::uint32_t>(b)};
}
constexpr Needs operator&(Needs a, Needs b) {
  return Needs{static_cast<std::uint32_t>(a) & static_cast<std::uint32_t>(b)};
}
constexpr Needs& operator|=(Needs& a, Needs b) { return a = a | b; }
constexpr bool has(Needs all, Needs one) { return (all & one) == one; }

// The rung of the ladder on which a run stands: what impairs packets where rules cannot.
enum class ShapeEngine : std::uint8_t {
  none,     // nothing: devices hold packets to a rate, and that is all
  netem,    // netem on devices of ours
  nfqueue,  // a thread of ours that holds packets; devices hold them to a rate
};
std::string_view to_text(ShapeEngine engine);  // "nftables", "netem", "nfqueue"
std::optional<ShapeEngine> parse_engine(std::string_view text);

struct Target;        // blackstart/scenario.h
class FaultCompiler;  // src/fault/compiler.h: where a fault says what must be in force

// One fault of a timeline, parsed: immutable, and so safe to read from any thread.
//
// A fault never acts by itself. It adds to a compilation what must be in force while it is
// on; the engine loads all of it while the run prepares and switches what is on in one step.
// So lifting is the same code as injecting, and any order of the same steps ends in the same
// state.
class Fault {
 public:
  virtual ~Fault() = default;

  // What this very fault (its parameters, this target) needs of the machine.
  virtual Needs needs(const Target& target) const = 0;

  // For plan, the live view and reports: "answer NODATA", "drop everything, both ways".
  virtual std::string in_words() const = 0;

  // What it caps the TTL of passed answers at, where it does: for the audit of timers.
  virtual std::optional<Duration> ttl_cap() const { return std::nullopt; }

  // Mistakes that only show once the target is known ("dns faults need `names`"): texts for
  // diagnostics at the entry, empty when all is well.
  virtual std::vector<std::string> objections(const Target& target) const = 0;

  // Adds what must be in force while this fault is on. Called once, at preparation.
  virtual void compile(FaultCompiler& into) const = 0;
};

// A row of the table of kinds. `shape` has every key but `target`, which all kinds share.
struct FaultKind {
  std::string_view name;
  std::string_view summary;
  const Shape* shape;
  std::unique_ptr<const Fault> (*parse)(const ParamReader& in);
};

}  // namespace blackstart
