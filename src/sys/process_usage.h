#pragma once

// What this process uses of its machine, as proc(5) tells.

#include <sys/resource.h>

namespace blackstart {

struct ProcessUsage {
  double cpu_seconds = 0;
  double files_open = 0, files_max = 0;
  double resident_bytes = 0, virtual_bytes = 0;
  double started_seconds = 0;  // since the epoch
};

// Of now. Throws where /proc is missing.
ProcessUsage process_usage();

// As many open files as the machine lets it have: a proxied connection takes two. Commands that we
// run (sys/process) have the limit that we were given.
void raise_open_files_limit();

// What it was before it was raised; nullptr: it was not.
const rlimit* given_open_files_limit();

}  // namespace blackstart
