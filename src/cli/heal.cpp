#include "run/heal.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "blackstart/report.h"
#include "cli/commands.h"

namespace blackstart::cli {
namespace {

int heal_all() {
  const Healed healed = heal(std::chrono::seconds{5});
  for (const std::string& line : healed.done) std::printf("%s\n", line.c_str());
  for (const std::string& line : healed.remains) {
    std::fprintf(stderr, "blackstart: %s\n", line.c_str());
  }
  if (healed.done.empty() && healed.remains.empty()) std::puts("There was nothing to lift.");
  return healed.remains.empty() ? exit_code::held : exit_code::not_clean;
}

}  // namespace

extern const Command heal_command{"heal", "lift whatever is injected, also what a killed run left",
                                  "sudo blackstart heal",
                                  [](CLI::App&) -> std::function<int()> { return heal_all; }};

}  // namespace blackstart::cli
