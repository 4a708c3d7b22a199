#pragma once

// What this process uses of its machine, as proc(5) tells.

namespace blackstart {

struct ProcessUsage {
  double cpu_seconds = 0;
  double files_open = 0, files_max = 0;
  double resident_bytes = 0, virtual_bytes = 0;
  double started_seconds = 0;  // since the epoch
};

// Of now. Throws where /proc is missing.
ProcessUsage process_usage();

// As many open files as the machine lets it have: a proxied connection takes two.
void raise_open_files_limit();

}  // namespace blackstart
