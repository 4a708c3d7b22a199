#include "sys/process_usage.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace blackstart {
namespace {

std::optional<rlimit> given_limit;

// proc(5), of /proc/PID/stat: the fields behind the name, which may hold anything but is the only
// one with a bracket. The first of them is field 3, the state.
std::vector<double> stat_fields() {
  std::ifstream in{"/proc/self/stat"};
  std::string text{std::istreambuf_iterator<char>{in}, {}};
  std::istringstream rest{text.substr(text.rfind(')') + 1)};
  std::string state;
  rest >> state;
  return {std::istream_iterator<double>{rest}, {}};
}

double boot_seconds() {
  std::ifstream in{"/proc/stat"};
  std::string word;
  double seconds = 0;
  while (in >> word) {
    if (word == "btime" && in >> seconds) break;
  }
  return seconds;
}

}  // namespace

ProcessUsage process_usage() {
  constexpr std::size_t kUser = 10, kSystem = 11, kStarted = 18, kVirtual = 19, kResident = 20;
  const std::vector<double> fields = stat_fields();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  ProcessUsage usage;
  usage.cpu_seconds = (fields.at(kUser) + fields.at(kSystem)) / ticks;
  usage.files_open = static_cast<double>(std::distance(
      std::filesystem::directory_iterator{"/proc/self/fd"}, std::filesystem::directory_iterator{}));
  usage.files_max = static_cast<double>(files.rlim_cur);
  usage.resident_bytes = fields.at(kResident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  usage.virtual_bytes = fields.at(kVirtual);
  usage.started_seconds = boot_seconds() + fields.at(kStarted) / ticks;
  return usage;
}

void raise_open_files_limit() {
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0 || files.rlim_cur == files.rlim_max) return;
  const rlimit given = files;
  files.rlim_cur = files.rlim_max;
  if (::setrlimit(RLIMIT_NOFILE, &files) == 0) given_limit = given;
}

const rlimit* given_open_files_limit() { return given_limit ? &*given_limit : nullptr; }

}  // namespace blackstart
