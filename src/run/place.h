#pragma once

// Where a scenario's `where` is on this machine.

#include <stdexcept>
#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "core/nameserver.h"
#include "sys/fd.h"

namespace blackstart {

// One network namespace of a run.
struct Place {
  Where where;
  UniqueFd netns;    // none: this process's own
  std::string root;  // of the files that its programs see: "" or "/proc/4711/root"
  std::string resolv_conf = "/etc/resolv.conf", hosts = "/etc/hosts";
  std::vector<Nameserver> nameservers;  // its own, from that resolv.conf
};

// There is no such place. what() says it in one sentence, with what helps.
class PlaceError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

// Opens the namespace. A sandbox is the namespace that this process is in already. A
// container is found by asking `docker`, then `podman`, for its first process.
//
// Throws std::system_error with the attempt, or PlaceError where there is no such process,
// namespace or container, or no command-line client to ask for it.
Place open_place(const Where& where);

}  // namespace blackstart
