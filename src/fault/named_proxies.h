#pragma once

// Entries whose target is a proxy of somebody's API, `blackstart serve`: their toxics are put on it
// through that API, which takes them away when this process ends or its heartbeat stays away
// (api/holder.h).

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "api/holder.h"
#include "blackstart/journal.h"
#include "fault/compiler.h"

namespace blackstart {

// Not thread-safe. Each call is an exchange with every API that it is about, and waits for the
// answers, a second each at most. Failures are std::runtime_error.
class NamedProxies {
 public:
  explicit NamedProxies(const std::vector<NamedEntry>& entries);

  // Finds the proxies; in the namespace that the calling thread is in.
  void connect();

  // The toxics of exactly these entries are on their proxies when it returns. With none it never
  // throws: where an API does not answer, the connection that holds the toxics is closed, and what
  // went wrong is added to `failures`.
  void switch_to(std::span<const std::uint32_t> in_force, std::vector<std::string>& failures);

  // Renews. Throws where some of the toxics are no longer there.
  void beat();

  // The connections and bytes of the time in which an entry was in force, as of its end.
  void add_to(Proof& proof) const;

 private:
  struct Named {
    NamedEntry entry;
    bool on = false;
    ProxyTotals began{}, now{};                // while it is on
    std::uint64_t connections = 0, bytes = 0;  // of the times that it was on before
  };
  struct Server {
    explicit Server(const std::string& api) : holder{std::in_place, api} {}

    std::optional<api::Holder> holder;  // always there
    std::vector<Named> entries{};
    std::size_t held = 0;  // toxics
  };
  using Totals = std::map<std::string, ProxyTotals>;

  static void renew(Server& server);
  static void switch_to(Server& server, std::span<const std::uint32_t> in_force);
  static void take(Server& server, const Totals& proxies);
  static void switch_entry(Named& named, bool on);

  std::map<std::string, Server> servers_;  // by API
};

}  // namespace blackstart
