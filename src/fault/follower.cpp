#include "fault/follower.h"

#include <algorithm>
#include <array>
#include <utility>

#include "dns/leads.h"
#include "fault/selector.h"

namespace blackstart {
namespace {

constexpr RunTime kForGood{Duration::max()};
// RFC 8767, 4: nobody keeps a record for longer, whatever its TTL.
constexpr std::uint32_t kTtlMost = 604'800;

dns::NamePatterns patterns_of(const std::vector<std::string>& names) {
  std::vector<dns::NamePattern> patterns;
  for (const std::string& name : names) {
    if (const auto pattern = dns::NamePattern::from_text(name)) patterns.push_back(*pattern);
  }
  return dns::NamePatterns{patterns};
}

bool is_pattern(const std::string& name) { return name.find('*') != std::string::npos; }

// Of every entry, each once.
std::vector<std::string> unique_names(const std::vector<FollowedEntry>& entries, bool patterns) {
  std::set<std::string> names;
  for (const FollowedEntry& entry : entries) {
    for (const std::string& name : entry.names) {
      if (is_pattern(name) == patterns) names.insert(name);
    }
  }
  return {names.begin(), names.end()};
}

// What packets to it carry: IPv4 for ::ffff:192.0.2.1 (RFC 4291, 2.5.5.2).
Address on_the_wire(const Address& address) {
  constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (!address.v6 || !std::ranges::equal(kMapped, std::span{address.bytes}.first(12))) {
    return address;
  }
  Address v4;
  std::ranges::copy(std::span{address.bytes}.last(4), v4.bytes.begin());
  return v4;
}

netlink::SetElement element_of(const Address& address) {
  return {.value = netlink::AddressRange{address, address}};
}

void note(const FollowedEntry& entry, const Address& address,
          std::vector<netlink::SetChange>& changes) {
  for (const FollowedEntry::Set& set : entry.sets) {
    if (set.v6 != address.v6) continue;
    auto change = std::ranges::find_if(changes, [&](const netlink::SetChange& one) {
      return one.family == set.family && one.set == set.name;
    });
    if (change == changes.end()) change = changes.insert(change, {set.family, set.name, {}});
    change->elements.push_back(element_of(address));
  }
}

}  // namespace

std::vector<FollowedEntry> followed_entries(std::span<const EntryToCompile> entries,
                                            const CompiledEntries& compiled) {
  std::vector<FollowedEntry> out;
  for (const EntryToCompile& entry : entries) {
    const CompiledEntry* const made = compiled.find(entry.entry);
    if (entry.target->names.empty() || made == nullptr) continue;
    const SelectorNames names = SelectorNames::of(made->counter);
    FollowedEntry followed{.entry = entry.entry, .names = entry.target->names, .sets = {}};
    for (const netlink::Table& table : compiled.ruleset.tables) {
      for (const bool v6 : {false, true}) {
        const std::string name = names.followed(v6);
        if (std::ranges::find(table.sets, name, &netlink::Set::name) == table.sets.end()) continue;
        followed.sets.push_back({table.family, name, v6});
      }
    }
    if (!followed.sets.empty()) out.push_back(std::move(followed));
  }
  return out;
}

Follower::Follower(std::vector<FollowedEntry> followed, const Clock& clock, std::size_t most)
    : clock_{clock}, most_{most} {
  for (FollowedEntry& entry : followed) {
    dns::NamePatterns patterns = patterns_of(entry.names);
    entries_.push_back({std::move(entry), std::move(patterns)});
  }
}

std::vector<std::string> exact_names(const std::vector<FollowedEntry>& followed) {
  return unique_names(followed, false);
}

std::vector<std::string> name_patterns(const std::vector<FollowedEntry>& followed) {
  return unique_names(followed, true);
}

void Follower::keep(Entry& entry, Address address, RunTime until, Changes& changes) const {
  address = on_the_wire(address);
  const auto known = entry.until.find(address);
  if (known != entry.until.end()) {
    if (known->second >= until) return;
    entry.by_time.erase({known->second, address});
    known->second = until;
    entry.by_time.emplace(until, address);
    return;
  }
  if (entry.until.size() >= most_) {
    const auto first = entry.by_time.begin();
    note(entry.what, first->second, changes.remove);
    entry.until.erase(first->second);
    entry.by_time.erase(first);
  }
  entry.until.emplace(address, until);
  entry.by_time.emplace(until, address);
  note(entry.what, address, changes.add);
}

void Follower::apply(const Changes& changes) const {
  if (!changes.add.empty() && hooks_.add) hooks_.add(changes.add);
  if (!changes.remove.empty() && hooks_.remove) hooks_.remove(changes.remove);
}

void Follower::on_answer(std::span<const std::uint8_t> answer) {
  const dns::Leads leads = dns::leads_of(answer);
  if (leads.addresses.empty()) return;
  std::vector<dns::NameKey> keys;
  for (const dns::Name& name : leads.names) keys.emplace_back(name);

  const RunTime now = clock_.now();
  Changes changes;
  for (Entry& entry : entries_) {
    const auto ours = [&](const dns::NameKey& key) { return entry.patterns.matches(key); };
    if (std::ranges::none_of(keys, ours)) continue;
    for (const dns::LedAddress& one : leads.addresses) {
      const std::chrono::seconds ttl{std::min(one.ttl, kTtlMost)};
      keep(entry, one.address, now + ttl + kFollowGrace, changes);
    }
  }
  apply(changes);
}

bool Follower::on_host(const std::string& name, const Address& address) {
  const auto parsed = dns::Name::from_text(name);
  if (!parsed) return false;
  const dns::NameKey key{*parsed};
  Changes changes;
  bool ours = false;
  for (Entry& entry : entries_) {
    if (!entry.patterns.matches(key)) continue;
    ours = true;
    keep(entry, address, kForGood, changes);
  }
  apply(changes);
  return ours;
}

void Follower::fill(netlink::Ruleset& ruleset) const {
  std::vector<netlink::SetChange> known;
  for (const Entry& entry : entries_) {
    for (const auto& [address, until] : entry.until) note(entry.what, address, known);
  }
  for (netlink::Table& table : ruleset.tables) {
    for (const netlink::SetChange& change : known) {
      const auto set = std::ranges::find(table.sets, change.set, &netlink::Set::name);
      if (table.family == change.family && set != table.sets.end()) set->elements = change.elements;
    }
  }
}

void Follower::sweep() {
  const RunTime now = clock_.now();
  std::optional<std::set<Address>> connected;
  Changes changes;
  for (Entry& entry : entries_) {
    while (!entry.by_time.empty() && entry.by_time.begin()->first <= now) {
      const auto first = entry.by_time.extract(entry.by_time.begin());
      const Address address = first.value().second;
      if (!connected) connected = hooks_.connected ? hooks_.connected() : std::set<Address>{};
      if (connected->contains(address)) {
        entry.until[address] = now + kFollowGrace;
        entry.by_time.emplace(now + kFollowGrace, address);
      } else {
        entry.until.erase(address);
        note(entry.what, address, changes.remove);
      }
    }
  }
  apply(changes);
}

std::set<Address> Follower::addresses(std::uint32_t entry) const {
  std::set<Address> out;
  for (const Entry& one : entries_) {
    if (one.what.entry != entry) continue;
    for (const auto& [address, until] : one.until) out.insert(address);
  }
  return out;
}

}  // namespace blackstart
