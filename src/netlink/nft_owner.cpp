#include "netlink/nft_owner.h"

#include <linux/netlink.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <stdexcept>

#include "netlink/nft_batch.h"
#include "netlink/nft_numbers.h"
#include "netlink/owner_process.h"
#include "netlink/ruleset_messages.h"
#include "netlink/set_messages.h"
#include "netlink/socket.h"
#include "sys/netns.h"

namespace blackstart::netlink {
namespace {

// Of a table, or of a set among our tables.
struct Key {
  Family family;
  std::string name;

  auto operator<=>(const Key&) const = default;
};

// What later requests must know of a loaded set.
struct LoadedSet {
  std::string table;
  bool interval = false;
};

std::vector<FoundTable> tables_named(Socket& socket, std::string_view name) {
  const Bytes answers =
      socket.dump(nft_message(NFT_MSG_GETTABLE, std::uint8_t{0}, 0).take(), "list tables");
  std::vector<FoundTable> found;
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    if (message->header.nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWTABLE)) continue;
    const auto head = message->fixed<nfgenmsg>();
    const Attributes table = message->attributes<nfgenmsg>();
    const auto family = head ? family_of(head->nfgen_family) : std::nullopt;
    if (!family || table.text(NFTA_TABLE_NAME) != name) continue;
    found.push_back({*family, std::string{name},
                     table.get_big<std::uint32_t>(NFTA_TABLE_OWNER).value_or(0), std::nullopt});
  }
  return found;
}

void find_process(FoundTable& table) {
  if (table.owner != 0) table.pid = process_with_port(table.owner);
}

std::map<Key, LoadedSet> sets_of(const Ruleset& ruleset) {
  std::map<Key, LoadedSet> sets;
  for (const Table& table : ruleset.tables) {
    for (const Set& set : table.sets) {
      sets[{table.family, set.name}] = {table.name, set.interval};
    }
  }
  return sets;
}

void read_counters(Socket& socket, const Key& table, std::map<std::string, CounterValue>& into) {
  MessageWriter request = nft_message(NFT_MSG_GETOBJ, table.family, 0);
  request.put(NFTA_OBJ_TABLE, table.name);
  request.put_big<std::uint32_t>(NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
  const Bytes answers = socket.dump(request.take(), "read counters");
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    if (message->header.nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWOBJ)) continue;
    const Attributes object = message->attributes<nfgenmsg>();
    const Attributes data = object.inner(NFTA_OBJ_DATA);
    CounterValue& value = into[object.text(NFTA_OBJ_NAME)];
    value.packets += data.get_big<std::uint64_t>(NFTA_COUNTER_PACKETS).value_or(0);
    value.bytes += data.get_big<std::uint64_t>(NFTA_COUNTER_BYTES).value_or(0);
  }
}

}  // namespace

struct NftOwner::State {
  UniqueFd netns = open_own_netns();  // to find another owner's process with
  Socket socket{NETLINK_NETFILTER, Socket::Port::own_pid};
  std::set<Key> tables{};  // loaded
  std::map<Key, LoadedSet> sets{};

  const LoadedSet& set(Family family, std::string_view name) const {
    const auto found = sets.find({family, std::string{name}});
    if (found == sets.end()) {
      throw std::invalid_argument{"no such set was loaded: " + std::string{name}};
    }
    return found->second;
  }

  // The tables that we hold now, to be gone in the transaction that brings the new ones.
  std::vector<BatchMessage> deletions() const {
    std::vector<BatchMessage> messages;
    for (const Key& table : tables) {
      messages.push_back(
          {delete_table_message(table.family, table.name), "deletion of table " + table.name});
    }
    return messages;
  }

  std::vector<BatchMessage> changes(std::span<const SetChange> changes, ElementAct act) const {
    std::vector<BatchMessage> messages;
    for (const SetChange& change : changes) {
      const LoadedSet& loaded = set(change.family, change.set);
      const SetName name{change.family, loaded.table, change.set};
      for (Bytes& message : element_messages(name, loaded.interval, change.elements, act)) {
        messages.push_back({std::move(message), "elements of set " + change.set});
      }
    }
    return messages;
  }

  // Throws TableTaken where that is why the kernel refused.
  [[noreturn]] void fail(std::string_view attempt, std::span<const BatchMessage> messages,
                         const BatchRefusal& refusal) {
    const int error = refusal.refusal.error;
    if (refusal.message < messages.size() && (error == EPERM || error == EEXIST)) {
      for (FoundTable& table : tables_named(socket, kTableName)) {
        if (table.owner == socket.port()) continue;
        {
          const NetnsGuard guard{netns};
          find_process(table);
        }
        const std::string whose = table.owner == 0
                                      ? "it has no owner"
                                      : "it is owned by port " + std::to_string(table.owner);
        throw TableTaken{{error, std::system_category()},
                         std::string{attempt} + ": table " + table.name + " exists, " + whose,
                         table};
      }
    }
    throw refused(attempt, messages, refusal);
  }

  void transact(std::span<const BatchMessage> messages, std::string_view attempt) {
    if (const auto refusal = commit(socket, messages, attempt)) fail(attempt, messages, *refusal);
  }

  void load_in_parts(std::span<const BatchMessage> sets_first, std::span<const BatchMessage> chains,
                     std::string_view attempt) {
    try {
      if (const auto refusal = commit_in_parts(socket, sets_first, attempt)) {
        fail(attempt, sets_first, *refusal);
      }
      transact(chains, attempt);
    } catch (...) {
      drop_tables();
      throw;
    }
  }

  // After a failure half-way: whatever of ours is there. Nothing to report to anyone.
  void drop_tables() {
    for (const FoundTable& table : tables_named(socket, kTableName)) {
      if (table.owner != socket.port()) continue;
      const BatchMessage message{delete_table_message(table.family, table.name), {}};
      static_cast<void>(commit(socket, {&message, 1}, "delete table"));
    }
    tables.clear();
    sets.clear();
  }
};

NftOwner::NftOwner() : state_{std::make_unique<State>()} {}
NftOwner::NftOwner(const UniqueFd& netns) {
  const NetnsGuard guard{netns};
  state_ = std::make_unique<State>();
}
NftOwner::~NftOwner() = default;
NftOwner::NftOwner(NftOwner&&) noexcept = default;
NftOwner& NftOwner::operator=(NftOwner&&) noexcept = default;

void NftOwner::load(const Ruleset& ruleset) {
  constexpr std::string_view kAttempt = "load nftables rules";
  State& state = *state_;
  const auto index = [&](std::string_view name) { return state.socket.interface_index(name); };
  RulesetMessages messages = ruleset_messages(ruleset, index);

  std::vector<BatchMessage> all = state.deletions();
  std::ranges::move(messages.sets, std::back_inserter(all));
  const std::size_t chains_at = all.size();
  std::ranges::move(messages.chains, std::back_inserter(all));
  const std::span<const BatchMessage> whole{all};
  if (const std::size_t size = batch_size(whole); size <= state.socket.reserve_send(size)) {
    state.transact(whole, kAttempt);
  } else {
    state.load_in_parts(whole.first(chains_at), whole.subspan(chains_at), kAttempt);
  }

  state.tables.clear();
  for (const Table& table : ruleset.tables) state.tables.insert({table.family, table.name});
  state.sets = sets_of(ruleset);
  state.socket.be_closed_first();  // each time: proxies raise the limit before their rules come
}

void NftOwner::arm(std::span<const SetArm> sets, std::chrono::milliseconds timeout) {
  const std::array both{SetElement{EtherType::ip, timeout}, SetElement{EtherType::ip6, timeout}};
  std::vector<BatchMessage> messages;
  messages.reserve(2 * sets.size());
  for (const SetArm& arm : sets) {
    const LoadedSet& loaded = state_->set(arm.family, arm.set);
    const SetName name{arm.family, loaded.table, arm.set};
    messages.push_back({flush_message(name), "set " + arm.set});
    if (!arm.armed) continue;
    for (Bytes& message : element_messages(name, loaded.interval, both)) {
      messages.push_back({std::move(message), "elements of set " + arm.set});
    }
  }
  state_->transact(messages, "switch faults");
}

void NftOwner::add_elements(Family family, std::string_view set,
                            std::span<const SetElement> elements) {
  const SetChange change{family, std::string{set}, {elements.begin(), elements.end()}};
  add_elements({&change, 1});
}

void NftOwner::add_elements(std::span<const SetChange> changes) {
  state_->transact(state_->changes(changes, ElementAct::add), "add to sets");
}

void NftOwner::remove_elements(std::span<const SetChange> changes) {
  state_->transact(state_->changes(changes, ElementAct::remove), "remove from sets");
}

void NftOwner::add_chains(Family family, const std::vector<Chain>& chains) {
  const auto index = [&](std::string_view name) { return state_->socket.interface_index(name); };
  const auto table = std::ranges::find(state_->tables, family, &Key::family);
  if (table == state_->tables.end()) throw std::invalid_argument{"no such table was loaded"};
  state_->transact(chain_messages(family, table->name, chains, index), "add chains");
}

std::map<std::string, CounterValue> NftOwner::counters() {
  std::map<std::string, CounterValue> values;
  for (const Key& table : state_->tables) read_counters(state_->socket, table, values);
  return values;
}

void NftOwner::close() noexcept { state_->socket.close(); }
bool NftOwner::is_open() const { return state_->socket.is_open(); }
std::uint32_t NftOwner::port() const { return state_->socket.port(); }

std::vector<FoundTable> NftOwner::find_tables(std::string_view name) {
  Socket socket{NETLINK_NETFILTER};
  std::vector<FoundTable> found = tables_named(socket, name);
  for (FoundTable& table : found) find_process(table);
  return found;
}

std::vector<FoundTable> NftOwner::find_tables(const UniqueFd& netns, std::string_view name) {
  const NetnsGuard guard{netns};
  return find_tables(name);
}

}  // namespace blackstart::netlink
