#pragma once

// The team's stack as a scenario starts and stops it.

#include <memory>
#include <optional>
#include <string>

#include "blackstart/scenario.h"
#include "sys/process.h"

namespace blackstart {

// Where a run writes what its stack says.
std::string stack_log_path(const std::string& out_dir);

// The newest lines of such a log, without the line that the limit cut in two; empty without a log.
std::string newest_lines(const std::string& log_path);

// The command of `stack.start`, its output in a file of the run's folder. Destroying it stops
// the stack and every process that came of it, also those that ignore SIGTERM.
class RunningStack {
 public:
  // Throws std::system_error where the command cannot be run or the log not be written.
  RunningStack(const Stack& stack, const std::string& log_path);
  ~RunningStack();

  // Readable once the start command has ended; a stack whose start command returns and leaves
  // daemons behind is a running stack.
  int exit_fd() const { return process_->exit_fd(); }
  std::optional<ExitStatus> poll() { return process_->poll(); }

  // `stack.stop` where there is one, then SIGTERM, then SIGKILL after
  // limits::stack_stop_grace. Blocks for little more than twice that. Harmless when repeated.
  void stop();

  // The end of what the stack has written: for the reader when it never gets ready.
  std::string last_output() const;

 private:
  const Stack& stack_;
  std::string log_path_;
  UniqueFd log_;
  std::unique_ptr<Process> process_;
};

}  // namespace blackstart
