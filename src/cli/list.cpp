#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "scenario/library.h"

namespace blackstart::cli {
namespace {

int list() {
  std::string_view folder;
  for (const LibraryScenario& scenario : library_scenarios()) {
    if (scenario.folder != folder) {
      std::printf("%s%.*s\n", folder.empty() ? "" : "\n", static_cast<int>(scenario.folder.size()),
                  scenario.folder.data());
      folder = scenario.folder;
    }
    std::printf("  %-18s %s\n", std::string{scenario.name}.c_str(),
                std::string{scenario.title}.c_str());
  }
  std::puts("\nblackstart show NAME    the whole script\nblackstart plan NAME    what it would do");
  return exit_code::held;
}

}  // namespace

extern const Command list_command{"list", "the library of outages", "blackstart list",
                                  [](CLI::App&) -> std::function<int()> { return list; }};

}  // namespace blackstart::cli
