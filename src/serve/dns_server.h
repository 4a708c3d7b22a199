#pragma once

// The embedded resolver: answers the questions that a fault is on, forwards all others.
//
// Deciding is dns::FaultTable's; this server moves bytes. It stands between applications and
// their resolver and must not be noticed while no fault is on, so a forwarded question and its
// answer pass byte for byte (case, EDNS options, TC), but for the id. Nothing is cached.
//
// Upstream: UDP questions go by UDP and TCP questions by TCP, so a truncated answer is passed
// on and the client itself comes back by TCP. Ids come from getrandom(2), source ports from the
// kernel's random choice; an answer counts only from the asked address, with the id and the
// question, case included, that was sent (RFC 5452). A silent upstream is followed by the next
// after kUpstreamPatience, and late answers are still taken. What becomes of a question that
// nobody answers follows dnsmasq and what the client would have met without us: silence stays
// silence; a refusal (ICMP, TCP reset) by all of them is SERVFAIL at once, with EDE 23 where
// the client spoke EDNS (RFC 8914); so is having no upstream at all.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/time.h"
#include "core/nameserver.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

namespace dns {
class FaultTable;
struct Question;
}  // namespace dns

struct DnsServerConfig {
  // Where to listen, by UDP and TCP each. Port 0: one that the kernel picks, the same for both.
  // A wildcard address answers from the address that was asked.
  std::vector<Endpoint> listen;
  // Asked in this order. One that is also in `listen` would ask itself for ever: left out.
  std::vector<Nameserver> upstreams;
  std::uint32_t mark = 0;  // SO_MARK of upstream sockets, needs CAP_NET_ADMIN; 0: none
  int netns_fd = -1;       // the namespace of all sockets; -1: the caller's. Not taken over

  // Called with every answer, whoever made it, before its first byte goes to whoever asked.
  std::function<void(std::span<const std::uint8_t> answer)> releasing{};

  std::chrono::milliseconds tcp_idle{10'000};     // RFC 7766, 6.2.3
  std::chrono::milliseconds tcp_silence{60'000};  // how long a fault's silence holds a connection
  std::size_t tcp_connections_max = 1'000;
  std::size_t held_max = 65'536;       // answers and questions that a fault delays
  std::size_t in_flight_max = 32'768;  // questions upstream; then the oldest gives way
};

// Counted since the start.
struct DnsServerCounters {
  std::uint64_t udp_questions = 0, tcp_questions = 0;
  std::uint64_t answered = 0;   // by us, because of a fault or because a question was malformed
  std::uint64_t silenced = 0;   // left without an answer, for the same reasons
  std::uint64_t forwarded = 0;  // questions, not tries
  std::uint64_t passed_on = 0;  // upstream answers given to clients
  std::uint64_t upstream_refused = 0, upstream_silent = 0;  // tries
  std::uint64_t upstream_mismatched = 0;  // answers whose id or question was not ours: ignored
  std::uint64_t overflowed = 0;           // given up because a limit of the config was reached
  std::uint64_t unsent = 0;               // answers that the kernel would not take
};

class DnsServer {
 public:
  // Opens all listening sockets; throws std::system_error with the attempt ("bind(udp
  // 127.0.0.1:53)"). Runs on whichever thread runs `io`, never blocks it, and must be destroyed
  // on it; `faults` may be changed between its handlers. All references must outlive it.
  DnsServer(boost::asio::io_context& io, const DnsServerConfig& config, dns::FaultTable& faults,
            const Clock& clock);
  ~DnsServer();  // closes everything; held answers are never sent
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  // In the order of `listen`, with the real ports.
  std::vector<Endpoint> listening() const;
  DnsServerCounters counters() const;

  // Asks the upstreams on our own behalf, as a client would, by TCP where UDP has no room; no
  // fault applies. `done` is called once, from the loop, with the answer (SERVFAIL where all
  // refuse), empty where none came within kUpstreamExpiry; not called when the server has gone.
  using Asked = std::function<void(std::span<const std::uint8_t> answer)>;
  void ask(const dns::Question& question, Asked done);

  // Ends TCP connections that wait for nothing, those in a fault's silence included: after a
  // lift their clients must find the way to their own resolver again.
  void close_idle_tcp();

  class Impl;

 private:
  std::shared_ptr<Impl> impl_;  // shared with nobody: handlers hold it weakly
};

}  // namespace blackstart
