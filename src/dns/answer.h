#pragma once

// What becomes of a question while faults are in force. Pure: the server (serve/) hands in the
// bytes and carries out the plan.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/random.h"
#include "blackstart/time.h"
#include "blackstart/units.h"
#include "dns/message.h"
#include "dns/name.h"

namespace blackstart::dns {

// What a matching question is answered with. Negative answers carry an SOA of the name's last
// two labels in authority (RFC 2308) unless the rule says not to.
enum class AnswerKind : std::uint8_t {
  pass,      // forward; the rule only delays, caps TTLs, or minds EDNS or TCP
  nodata,    // NOERROR, no records
  nxdomain,  // the name does not exist, whatever the type
  servfail,  // with EDE 22 where the client spoke EDNS
  refused,
  formerr,
  notimp,
  drop,        // silence
  truncate,    // TC and nothing else over UDP; does not apply to TCP
  referral,    // NOERROR, empty, RA clear: a server that does not recurse
  garbage,     // 40 bytes of 0xff
  wrong_id,    // NODATA under another id
  cname_loop,  // name → loop.name → name
  stale,       // the last good answer with TTLs of at most 30 s (RFC 8767) and EDE 3;
               // SERVFAIL where none is known, as a resolver with an empty cache
  spoof,       // the rule's own records
};

enum class Transport : std::uint8_t { udp, tcp };

// Which of a rule's questions it applies to, and what to do with them. One for each `dns`
// entry of a timeline.
//
// A rule applies to a question when its names, types, transport, `first` and `share` all say
// so, asked in this order; what it does not apply to is left to the entry that started before.
struct FaultRule {
  enum class Over : std::uint8_t { udp, tcp, both };
  enum class Tcp : std::uint8_t { normal, reset, silent };
  enum class Edns : std::uint8_t { normal, drop, formerr };

  std::uint32_t entry = 0;  // index into Scenario::timeline
  std::vector<NamePattern> names;
  std::vector<Type> types;  // empty: all
  AnswerKind answer = AnswerKind::pass;
  std::vector<Address> a, aaaa;      // spoof: a question for another type gets NODATA
  std::optional<Name> cname;         // spoof: instead of addresses
  Duration delay{}, jitter{};        // uniform within delay ± jitter, never below zero
  std::optional<std::uint32_t> ttl;  // seconds: caps what is passed on; the TTL of what we write
  bool soa = true;
  Over over = Over::both;
  Tcp tcp = Tcp::normal;     // not normal: what every matching TCP question meets, despite `over`
  Edns edns = Edns::normal;  // not normal: what a question with OPT meets, before `answer`
  Probability share = Probability::certain();
  std::uint32_t first = 0;  // only the first N questions of a client for a name; 0: all
};

// What the server must do with one question.
struct Plan {
  enum class What : std::uint8_t {
    forward,     // ask upstream
    reply,       // send the first `size` bytes of the reply buffer
    silence,     // nothing; on TCP, keep the connection for its other questions
    reset,       // TCP: end the connection with RST
    hold_silent  // TCP: read no more from this connection, answer nothing, and leave it open
                 // until the client closes it
  };
  static constexpr std::uint32_t kNoEntry = ~std::uint32_t{0};

  What what = What::forward;
  std::size_t size = 0;  // of the reply
  Duration delay{};      // hold the reply (ours, or the upstream's once it is there) this long
  std::optional<std::uint32_t> ttl_cap{};  // forward: cap_ttls() the answer
  bool learn = false;                      // forward: give the answer to learn()
  // forward: not null: ask_for_alias() this name instead and answer_through_alias() with
  // `alias_ttl`. Valid as long as the table.
  const Name* alias = nullptr;
  std::uint32_t alias_ttl = 0;
  std::uint32_t entry = kNoEntry;  // the timeline entry that decided; kNoEntry: none did
  std::string_view did{};          // its label in the counts, "nodata"; empty where none did
};

// How often an entry decided, by what it did: "nodata", "drop", "delay", "tcp_reset",
// "edns_formerr", "stale", "stale_unknown", … Labels with zero are left out.
struct EntryCounts {
  struct Count {
    std::string_view did;
    std::uint64_t questions = 0;
  };
  std::uint32_t entry = 0;
  std::uint64_t questions = 0;  // the sum
  std::vector<Count> by_what{};
};

// All `dns` rules of a run, compiled once; which are in force is switched in one call.
//
// decide() does not allocate. Memory is bounded by limits.h: `first` remembers
// dns_first_pairs_max pairs of client and name for each rule (the pair that was longest
// unasked in its bucket of eight goes first, and would count anew), `stale`
// dns_stale_answers_max answers (the oldest goes). Not thread-safe: one thread owns it.
class FaultTable {
 public:
  FaultTable(std::vector<FaultRule> rules, RunSeed seed);
  ~FaultTable();
  FaultTable(FaultTable&&) noexcept;
  FaultTable& operator=(FaultTable&&) noexcept;

  // The entries in force, in the order in which they started; the last one that applies to a
  // question wins. Entries without a rule here are ignored. A rule that was not in force
  // before begins its `first` anew; its random stream goes on.
  void set_in_force(std::span<const std::uint32_t> entries_in_start_order);

  // Decides, counts, and for a reply writes it into `reply` (65,535 bytes suit any; UDP
  // replies never exceed what the client takes). Also answers what is no proper question,
  // whether faults are in force or not: silence for what is too short or itself an answer,
  // NOTIMP for an opcode other than QUERY, FORMERR for what cannot be parsed or does not have
  // exactly one question, BADVERS for an unknown EDNS version. No reply to a question that is
  // broken is longer than it.
  Plan decide(Bytes question, Transport transport, const Address& client,
              std::span<std::uint8_t> reply);

  // An answer that was forwarded for a question whose plan said `learn`, before ttl_cap and
  // truncation. Remembered if it is good: NOERROR or NXDOMAIN, not truncated, at most
  // dns_stale_answer_bytes_max.
  void learn(Bytes question, Bytes answer);

  // One for each rule, in the order they were given.
  std::vector<EntryCounts> counts() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart::dns
