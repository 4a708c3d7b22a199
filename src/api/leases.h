#pragma once

// Which proxies and toxics vanish unless somebody renews them, or with whoever holds them.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/time.h"

namespace blackstart::api {

// Pure: time is an argument. Not thread-safe.
class Leases {
 public:
  struct Held {
    std::string proxy, toxic;  // no toxic: the proxy itself
    auto operator<=>(const Held&) const = default;
  };
  struct Lease {
    Duration ttl{};
    RunTime until;
    std::uint64_t holder = 0;  // the client with whose connection it ends; 0: nobody's
  };

  // From now on for `ttl`, whatever was said before; zero: for ever.
  void set(const Held& what, Duration ttl, RunTime now);

  // From now on `holder` holds exactly these, for `ttl`.
  void hold(std::uint64_t holder, const std::vector<Held>& these, Duration ttl, RunTime now);
  void renew_held(std::uint64_t holder, RunTime now);
  std::vector<Held> held_by(std::uint64_t holder) const;

  void forget(const Held& what);
  void forget_all_of(const std::string& proxy);  // and of its toxics
  void forget_toxics();

  // Removes and returns what is over by `now`.
  std::vector<Held> take_due(RunTime now);
  std::optional<RunTime> next_deadline() const;

  const std::map<Held, Lease>& all() const { return leases_; }

 private:
  std::map<Held, Lease> leases_;
};

}  // namespace blackstart::api
