#pragma once

// Runs a command as its user would: a shell line in, what it printed and its exit code out.

#include <sys/wait.h>

#include <array>
#include <cstdio>
#include <string>

namespace blackstart::test {

struct Outcome {
  int code = -1;  // exit code, or 128 + the signal
  std::string output;
};

// Standard output only, unless the line says 2>&1. Blocks until the line has ended.
inline Outcome shell(const std::string& line) {
  Outcome outcome;
  std::FILE* pipe = ::popen(line.c_str(), "r");
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer{};
  while (const std::size_t read = std::fread(buffer.data(), 1, buffer.size(), pipe)) {
    outcome.output.append(buffer.data(), read);
  }
  const int status = ::pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

// The binary under test.
inline std::string blackstart(const std::string& arguments) {
  return std::string{BLACKSTART_BIN_DIR} + "/blackstart " + arguments;
}

// `heal` for the caller's network alone: it ends every run whose process or named namespace it can
// see, and there may be others on this machine. Both streams.
inline std::string heal_here() {
  return "unshare -pmf --mount-proc sh -c 'mount -t tmpfs none /run && exec " + blackstart("heal") +
         "' 2>&1";
}

}  // namespace blackstart::test
