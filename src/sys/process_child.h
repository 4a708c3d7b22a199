#pragma once

// The far side of Process: what runs between fork and exec, and the supervisor.

#include <sys/resource.h>
#include <sys/types.h>

#include <cstdint>

namespace blackstart::child {

enum class Step : std::int32_t { fork, netns, directory, execute };

// Written to `error_fd` by whoever fails; nothing is written when the command starts.
struct Failure {
  Step step;
  std::int32_t error;
};

// Everything that the far side needs, laid out before the fork: nothing there may allocate.
// Descriptors are 3 or above.
struct Plan {
  char* const* argv;
  char* const* env;
  const char* directory;  // null: stay
  int netns_fd;           // -1: stay
  int input_fd, output_fd;
  int output_is_ours;        // leave 1 and 2 alone
  const rlimit* open_files;  // null: ours
  int error_fd;              // close-on-exec
  int exit_fd;  // the supervisor writes the command's pid, later its wait status (ints)
  pid_t parent;
};

// Ask a supervisor to send SIGTERM to all it holds, or SIGKILL until nothing is left. Its
// parent's death means the latter.
inline constexpr int kTerminateSignal = 15;  // SIGTERM
inline constexpr int kKillSignal = 10;       // SIGUSR1

// Both are entered in a freshly forked child with every signal blocked, and use only
// async-signal-safe calls, since other threads of the parent may have held any lock.
[[noreturn]] void run_command(const Plan& plan);
[[noreturn]] void supervise(const Plan& plan);

}  // namespace blackstart::child
