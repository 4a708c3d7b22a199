#pragma once

// The socket that owns our nftables tables.
//
// A table with the owner flag (Linux 5.12) belongs to the netlink socket that made it. Others
// may list it and not change it; `nft flush ruleset` skips it; a second process that wants a
// table of the same name is refused; and when the socket closes, SIGKILL included, the kernel
// deletes it. So nothing here has to be undone: closing is undoing. The socket is
// close-on-exec, since a child that inherited it would keep the table alive after us, and of a
// process that is killed it is closed before all other files.

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "blackstart/limits.h"
#include "netlink/ruleset.h"
#include "sys/fd.h"

namespace blackstart::netlink {

// One `armed` set of a loaded table, and whether its fault is to be in force.
struct SetArm {
  Family family = Family::inet;
  std::string set;
  bool armed = false;
};

// Elements that come into a loaded set, or go from it.
struct SetChange {
  Family family = Family::inet;
  std::string set;
  std::vector<SetElement> elements;
};

struct CounterValue {
  std::uint64_t packets = 0, bytes = 0;

  bool operator==(const CounterValue&) const = default;
};

// A table of our name, whoever made it.
struct FoundTable {
  Family family = Family::inet;
  std::string name;
  std::uint32_t owner = 0;  // netlink port of the owning socket; 0: nobody owns it
  std::optional<int> pid;   // of a process that holds that socket, where /proc shows one
};

// The table that we wanted is there already: another run's, or a stray without an owner.
class TableTaken : public std::system_error {
 public:
  TableTaken(std::error_code code, const std::string& what, FoundTable table)
      : std::system_error{code, what}, table_{std::move(table)} {}

  const FoundTable& table() const { return table_; }

 private:
  FoundTable table_;
};

// Not thread-safe: one thread at a time. Every failure is a std::system_error that says what
// was attempted and, where the kernel gave one, its own explanation. Nothing blocks: the
// kernel has decided about a request when the call that sends it returns.
class NftOwner {
 public:
  // Opens the socket in the calling thread's network namespace, or in `netns`. The object
  // works from any thread afterwards. Its netlink port is our process id where that is free.
  NftOwner();
  explicit NftOwner(const UniqueFd& netns);
  ~NftOwner();
  NftOwner(NftOwner&&) noexcept;
  NftOwner& operator=(NftOwner&&) noexcept;

  // Loads all of `ruleset` in one transaction, in place of whatever this owner loaded before.
  // Names of devices are resolved in the socket's namespace; they must exist. On failure
  // nothing has changed. Throws TableTaken where the table is another's.
  //
  // Where the send buffer may not grow (no CAP_NET_ADMIN in the first user namespace) and the
  // ruleset needs more, elements of sets are loaded by transactions of their own before the
  // chains; then a failure leaves no table of ours at all.
  void load(const Ruleset& ruleset);

  // The switch and the heartbeat. In one transaction each set is emptied, and those armed get
  // `ip` and `ip6` with `timeout`: unless it is called again in time, the kernel lifts by
  // itself. Emptying first is what renews: adding an element again leaves its clock alone.
  // Packets see the old state or the new one, never a gap. When it returns, it is in force.
  void arm(std::span<const SetArm> sets,
           std::chrono::milliseconds timeout = limits::heartbeat_timeout);

  // Adds to a loaded set without reading it; an element that is there already is no mistake.
  // All or none, in one transaction.
  void add_elements(Family family, std::string_view set, std::span<const SetElement> elements);
  void add_elements(std::span<const SetChange> changes);

  // The way round; each must be there.
  void remove_elements(std::span<const SetChange> changes);

  // Adds chains with their rules to a loaded table of that family, in one transaction: for a
  // device that was not there when it was loaded.
  void add_chains(Family family, const std::vector<Chain>& chains);

  // Every named counter of the loaded tables; equal names of two tables are added up.
  std::map<std::string, CounterValue> counters();

  // Closes the socket, and so deletes the tables. Harmless when closed.
  void close() noexcept;
  bool is_open() const;

  std::uint32_t port() const;

  // Tables called `name` in the calling thread's namespace or in `netns`. Needs no privilege
  // beyond that of listing tables (CAP_NET_ADMIN).
  static std::vector<FoundTable> find_tables(std::string_view name = kTableName);
  static std::vector<FoundTable> find_tables(const UniqueFd& netns,
                                             std::string_view name = kTableName);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart::netlink
