#pragma once

// A command of the user's, with everything it starts, on a short leash.

#include <sys/types.h>

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/time.h"
#include "sys/fd.h"

namespace blackstart {

enum class ProcessOutput {
  captured,   // standard output and error into last_output(), the newest bytes of it
  inherited,  // ours
  discarded,
};

struct ProcessOptions {
  std::vector<std::string> argv;    // argv[0] is looked up in PATH
  std::vector<std::string> env;     // KEY=value, added to our own environment and winning over it
  std::string cwd;                  // empty: ours
  const UniqueFd* netns = nullptr;  // null: ours
  ProcessOutput output = ProcessOutput::captured;
  int output_fd = -1;  // given: standard output and error go there instead, `output` is ignored
  std::size_t output_bytes_max = 64 * 1024;

  // A supervisor of our own stands between us and the command. It holds on to every
  // descendant, also those that leave the process group or make a session of their own, and
  // ends them all with stop(), or when we die, SIGKILL included. Without it only the command's
  // process group is ended by stop(), and only the command itself dies with us.
  bool supervised = true;
};

struct ExitStatus {
  int code = 0;    // of exit(); meaningless after a signal
  int signal = 0;  // that ended it, or zero

  bool ok() const { return code == 0 && signal == 0; }
};

// "exit status 3", "killed by signal 9 (Killed)".
std::string to_text(const ExitStatus& status);

// A running command: a process group of its own, standard input from /dev/null, default
// signal dispositions, an empty signal mask, and no descriptor of ours besides 0 to 2. The
// thread that starts it must live as long as the command is to: the kernel ties the command to
// the thread (PR_SET_PDEATHSIG).
//
// Not thread-safe. Needs Linux ≥ 5.11 (CLOSE_RANGE_CLOEXEC).
class Process {
 public:
  // Throws std::system_error, with the child's errno and what it attempted, when the command
  // cannot be run: "run ./stack.sh: No such file or directory".
  explicit Process(const ProcessOptions& options);

  // stop(0s).
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // Of the command, which is also its process group.
  pid_t pid() const { return pid_; }

  // Readable (or hung up) once the command itself has ended; then poll() tells how. Owned here.
  int exit_fd() const { return exit_.get(); }

  // How the command ended, or nullopt while it runs. Never blocks; reaps.
  std::optional<ExitStatus> poll();

  // Readable when there is output to take; -1 unless captured. Someone must call
  // take_output() then, or the command blocks once the pipe is full.
  int output_fd() const { return output_.get(); }

  // Reads what there is without blocking. Returns false when there will be no more.
  bool take_output();

  // The newest `output_bytes_max` bytes that were taken.
  std::string last_output() const { return {kept_.begin(), kept_.end()}; }

  // SIGTERM to the command's group and to all descendants; returns at once.
  void terminate();

  // terminate(), up to `grace` for all of them to go (taking output meanwhile), then SIGKILL
  // to what is left, and reaping. Blocks for a little more than `grace` at most. When it
  // returns nothing of a supervised command is left. Harmless when repeated.
  void stop(Duration grace);

 private:
  bool gone_within(Duration span);
  void kill_rest();

  bool supervised_;
  std::size_t kept_max_;
  pid_t pid_ = -1;
  pid_t child_ = -1;   // ours to reap: the supervisor, or the command itself
  UniqueFd child_fd_;  // pidfd of child_
  UniqueFd exit_;      // the supervisor's word on the command; or a second pidfd
  UniqueFd output_;
  std::deque<char> kept_;
  std::optional<ExitStatus> status_;
  bool reaped_ = false;
};

}  // namespace blackstart
