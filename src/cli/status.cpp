#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "run/heal.h"

namespace blackstart::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

int print_status() {
  const std::vector<InForce> found = status();
  if (found.empty()) std::puts("Nothing of Blackstart's is in force on this machine.");
  for (const InForce& one : found) {
    std::puts(one.where.empty()
                  ? "nothing in the kernel: toxics on proxies of an API, or nothing yet"
                  : one.where.c_str());
    if (one.pid != 0) std::printf("  run      pid %d: %s\n", one.pid, one.command.c_str());
    if (!one.tables.empty()) std::printf("  tables   %s\n", joined(one.tables).c_str());
    if (!one.devices.empty()) {
      std::printf("  devices  %s%s\n", joined(one.devices).c_str(),
                  one.tables.empty() ? " (inert, left by a killed run)" : "");
    }
  }
  if (!found.empty()) std::puts("\nblackstart heal    lifts all of it");
  return exit_code::held;
}

}  // namespace

extern const Command status_command{"status", "what is injected on this machine now, and by whom",
                                    "blackstart status",
                                    [](CLI::App&) -> std::function<int()> { return print_status; }};

}  // namespace blackstart::cli
