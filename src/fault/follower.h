#pragma once

// Which addresses the names of packet faults stand for, kept up with the answers that pass.
//
// Every answer comes by here before it is released to the client, so that an address is in the
// sets of its faults before anybody can use it. An answer counts for a fault when the question's
// name or a name that it leads to (CNAME and the like, dns/leads.h) is one that its target names.
//
// An address stays for its record's TTL and kFollowGrace after the answer that was last seen
// with it; then for as long as a socket of the namespace is connected (or connecting) to it.
// We forget, not the kernel: its elements have no timeout of their own. A fault whose process
// hangs ends by its `armed` set, and an address that is seen again costs no request. Beyond
// `most` of an entry, the one that is nearest to its end goes.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/limits.h"
#include "blackstart/time.h"
#include "dns/name.h"
#include "fault/compiler.h"
#include "netlink/nft_owner.h"
#include "netlink/ruleset.h"

namespace blackstart {

// How much longer than the TTL says an address may be used: Java keeps it for 30 s whatever the
// TTL, and many a cache serves stale answers for a while.
inline constexpr Duration kFollowGrace = std::chrono::seconds{60};

// The entries of `compiled` whose rules match on names, found by the sets that selector_sets()
// made for them.
std::vector<FollowedEntry> followed_entries(std::span<const EntryToCompile> entries,
                                            const CompiledEntries& compiled);

// What can be looked up, each once; and what cannot, being patterns.
std::vector<std::string> exact_names(const std::vector<FollowedEntry>& followed);
std::vector<std::string> name_patterns(const std::vector<FollowedEntry>& followed);

// Not thread-safe; throws what the calls into the kernel throw.
class Follower {
 public:
  // How the sets change; each call is one transaction.
  using Change = std::function<void(std::span<const netlink::SetChange>)>;
  struct Hooks {
    Change add, remove;
    std::function<std::set<Address>()> connected;  // remote addresses of the namespace's sockets
  };

  // Until connect() it only remembers; `clock` must outlive it.
  Follower(std::vector<FollowedEntry> followed, const Clock& clock,
           std::size_t most = limits::followed_addresses_max);

  bool empty() const { return entries_.empty(); }

  // A whole message on its way to whoever asked.
  void on_answer(std::span<const std::uint8_t> answer);
  // What hosts(5) says of any name; if it is one of ours, for good. Whether it was.
  bool on_host(const std::string& name, const Address& address);

  // Puts what is known now into the sets of a ruleset that is about to be loaded.
  void fill(netlink::Ruleset& ruleset) const;
  // It has been loaded: from here on the kernel's sets follow.
  void connect(Hooks hooks) { hooks_ = std::move(hooks); }

  // Lets go of what nobody uses any more; due every second or so.
  void sweep();

  // Known now.
  std::set<Address> addresses(std::uint32_t entry) const;

 private:
  struct Entry {
    FollowedEntry what;
    dns::NamePatterns patterns;
    std::map<Address, RunTime> until{};
    std::set<std::pair<RunTime, Address>> by_time{};  // the same
  };
  struct Changes {
    std::vector<netlink::SetChange> add{}, remove{};
  };

  void keep(Entry& entry, Address address, RunTime until, Changes& changes) const;
  void apply(const Changes& changes) const;

  std::vector<Entry> entries_;
  const Clock& clock_;
  std::size_t most_;
  Hooks hooks_;
};

}  // namespace blackstart
