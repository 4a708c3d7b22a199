#pragma once

// Why a kernel refuses a user namespace, and what its operator can do about it.

#include <optional>
#include <string>

namespace blackstart {

// The switches that commonly forbid a user namespace. nullopt: this kernel has no such switch.
struct UserNamespaceFacts {
  bool root = false;                             // effective user id 0
  std::optional<long> unprivileged_clone = {};   // kernel.unprivileged_userns_clone (Debian)
  std::optional<long> max_user_namespaces = {};  // user.max_user_namespaces
  std::optional<long> apparmor_restricts = {};   // kernel.apparmor_restrict_unprivileged_userns
  bool filtered = false;                         // a seccomp filter is on: most likely a container
};

// Reads them from /proc. Never throws.
UserNamespaceFacts read_user_namespace_facts();

struct Refusal {
  std::string why;     // "user namespaces are switched off for ordinary users"
  std::string remedy;  // "sudo sysctl -w kernel.unprivileged_userns_clone=1"
};

// What most likely lies behind a refused system call. `error` is its errno, `said` the text of
// its system_error: "mount(proc, /proc): Operation not permitted".
Refusal explain_refusal(const std::string& said, int error, const UserNamespaceFacts& facts);

}  // namespace blackstart
