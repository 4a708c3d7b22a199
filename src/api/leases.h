#pragma once

// Which proxies and toxics vanish unless somebody renews them.

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
  };

  // From now on for `ttl`, whatever was said before; zero: for ever.
  void set(const Held& what, Duration ttl, RunTime now);

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
