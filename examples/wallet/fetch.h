#pragma once

// Asking another service, found by its name.

#include <chrono>
#include <string>

#include "options.h"

namespace wallet {

struct Fetched {
  int status = 0;  // 0: no answer
  std::string body;
  std::string error;  // of an answer that is not 200 too; empty when all is well

  bool ok() const { return error.empty(); }
};

// One GET on a connection of its own: the name is looked up anew each time, as it is by every
// client whose connections are recycled. `patience` bounds connecting and each wait for
// bytes; the lookup takes as long as the system's resolver does. Safe from any thread.
Fetched fetch(const HostPort& from, const std::string& path, std::chrono::milliseconds patience);

}  // namespace wallet
