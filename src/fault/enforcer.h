#pragma once

// One namespace's engine: loads what was compiled, switches it, keeps it alive, lifts it.
//
// Nothing of it outlives the process. The rules are in tables that the kernel deletes when our
// socket closes (SIGKILL included) and whose faults end by themselves when the heartbeat stops
// (SIGSTOP). The devices that it makes are inert without the rules.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/random.h"
#include "blackstart/time.h"
#include "core/nameserver.h"
#include "fault/compiler.h"
#include "fault/shaping_devices.h"
#include "fault/start_lookup.h"
#include "netlink/sock_diag.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

struct EnforcerOptions {
  int netns_fd = -1;  // the namespace to act in; -1: the caller's. Not taken over
  RunSeed seed;
  // Whom the resolver asks, in this order. Empty: the namespace's own (machine_nameservers()).
  std::vector<Nameserver> upstreams;
  // A sandbox, whose resolv.conf points at us: listen on port 53 of every address as well, from
  // prepare() to release(), whether a dns fault is on or not.
  bool serve_port_53 = false;
  // What hosts(5) says where it acts: names in it are never asked for.
  KnownHosts hosts{};
  std::vector<netlink::SocketInfo> spared{};  // connections that no fault touches
  std::uint16_t zone = 47'653;                // of conntrack, for redirected questions
};

// Not thread-safe: everything on the loop's thread. Every failure is a std::system_error that
// says what was attempted.
class Enforcer {
 public:
  // Remembers; does nothing yet. `io` and `clock` must outlive it.
  Enforcer(boost::asio::io_context& io, const Clock& clock, EnforcerOptions options,
           CompiledEntries compiled);

  // Lifts everything, without a word about what went wrong.
  ~Enforcer();
  Enforcer(const Enforcer&) = delete;
  Enforcer& operator=(const Enforcer&) = delete;

  // Makes the devices, starts the resolver, loads the tables with nothing armed. Where rules
  // match on names, looks these up first, which takes kLookupPatience at most and runs the loop,
  // and from then on all questions come by the resolver. Throws netlink::TableTaken where another
  // run is in force; then nothing is left behind.
  void prepare();

  // Reaches the APIs whose proxies the entries name; once these are up, and before the first
  // switch. Throws where a proxy is not there.
  void connect();

  struct Switched {
    RunTime asked, at;                  // before the request was sent; after it was acknowledged
    std::string sent, acknowledged;     // for FaultEdge
    std::vector<std::string> warnings;  // a connection that could not be cut
  };

  // Exactly these entries are in force when it returns; given in the order in which they
  // started, since the dns entry that started last wins. One transaction; then connections of
  // entries with `cut_existing` that were not in force before are ended. Also renews.
  Switched switch_to(std::span<const std::uint32_t> in_force_in_start_order);

  // Moves what ramps: entries stand at their beginning until told. Acts on those that are not in
  // force too, so that one that comes on does so at the right value. Never touches a rule, and
  // packets that wait go on waiting. Failures are std::system_error.
  void set_progress(const Progress& progress);

  // Renews what is in force for limits::heartbeat_timeout; due each heartbeat_interval. Throws
  // when the tables are lost.
  void beat();

  // What an entry has hit so far. The kernel's counters go with the tables: read before release().
  Proof proof(std::uint32_t entry);

  // The loaded rules as nft prints them, with devices and ports filled in.
  std::string text() const;

  // Things the reader must know that are no failure: "127.0.0.1:53 is root's, so …".
  const std::vector<std::string>& warnings() const;

  // Lifts everything, stops the resolver, removes the devices. Goes on after a failure, and
  // returns what could not be removed, empty when all is clean. Harmless when repeated.
  std::vector<std::string> release();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart
