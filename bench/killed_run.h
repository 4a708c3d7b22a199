#pragma once

// `blackstart run`, to be killed, and what can be seen of it from outside.

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "support/command.h"
#include "support/udp.h"
#include "sys/process.h"

namespace blackstart {

inline std::string text_of(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream{path}.rdbuf();
  return std::move(text).str();
}

inline bool comes_true(std::chrono::milliseconds within, const auto& is_so) {
  const auto from = std::chrono::steady_clock::now();
  while (!is_so()) {
    if (std::chrono::steady_clock::now() - from > within) return false;
    wait(std::chrono::milliseconds{1});
  }
  return true;
}

// Whose command line holds the mark.
inline std::vector<pid_t> processes_with(const std::string& mark) {
  std::vector<pid_t> found;
  std::error_code gone;
  for (const auto& one : std::filesystem::directory_iterator{"/proc", gone}) {
    const pid_t pid = std::atoi(one.path().filename().c_str());
    if (pid > 0 && text_of(one.path() / "cmdline").find(mark) != std::string::npos) {
      found.push_back(pid);
    }
  }
  return found;
}

class KilledRun {
 public:
  inline static const std::string kFolder = "/run/kills";  // of all of them, one at a time

  // Writes its journal to `out`, below kFolder.
  explicit KilledRun(const std::string& scenario, const std::string& out = "run")
      : process_{options(scenario, out)} {}

  pid_t pid() const { return process_.pid(); }
  void signal(int number) const { ::kill(pid(), number); }
  bool ended() { return process_.poll().has_value(); }

  // Waits; its exit code, or 128 and the signal.
  int end() {
    if (!comes_true(std::chrono::seconds{60}, [&] { return ended(); })) {
      throw std::runtime_error{"a run hangs"};
    }
    const ExitStatus status = *process_.poll();
    return status.signal != 0 ? 128 + status.signal : status.code;
  }

  std::vector<pid_t> children() const {
    const std::string number = std::to_string(pid());
    std::ifstream file{"/proc/" + number + "/task/" + number + "/children"};
    return {std::istream_iterator<pid_t>{file}, {}};
  }

  // Of the newest.
  static std::string printed() { return text_of(kFolder + "/printed.txt"); }
  static bool journal_says(const char* words) {
    return text_of(kFolder + "/run/journal.jsonl").find(words) != std::string::npos;
  }

 private:
  static ProcessOptions options(const std::string& scenario, const std::string& out) {
    std::ofstream{kFolder + "/outage.yaml"} << scenario;
    std::filesystem::remove_all(kFolder + "/run");
    ProcessOptions options;
    options.argv = {"sh", "-c",
                    "exec " +
                        test::blackstart("run outage.yaml --plain --upstream 10.0.0.2:53 --out ") +
                        out + " >printed.txt 2>&1"};
    options.cwd = kFolder;
    options.output = ProcessOutput::discarded;
    options.supervised = false;
    return options;
  }

  Process process_;
};

}  // namespace blackstart
