#pragma once

// Other processes, as far as /proc shows them: what may not be read is empty.

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace blackstart {

struct ProcessName {
  int pid = 0;
  std::string name;  // comm: the program's name, up to 15 bytes
};

// The calling process, its parent, and so on up to the first of its PID namespace.
std::vector<ProcessName> process_ancestry();

// 0: none, or it has gone.
int parent_of(int pid);

// All that are to be seen.
std::vector<ProcessName> all_processes();

// Of the environment that it was started with.
std::optional<std::string> started_with(int pid, std::string_view variable);

// The inodes of the sockets that it holds.
std::set<std::uint32_t> sockets_of(int pid);

}  // namespace blackstart
