#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "scenario/library.h"

namespace blackstart::cli {
namespace {

int show(const std::string& name) {
  const LibraryScenario* scenario = find_library_scenario(name);
  if (scenario == nullptr) {
    const std::string near = nearest_library_scenario(name);
    throw CommandError{exit_code::usage,
                       "there is no scenario '" + name + "' in the library" +
                           (near.empty() ? "" : "; did you mean '" + near + "'?") +
                           "\ntry: blackstart list"};
  }
  std::fwrite(scenario->text.data(), 1, scenario->text.size(), stdout);
  return exit_code::held;
}

}  // namespace

extern const Command show_command{
    "show", "one scenario of the library, as written", "blackstart show us-east-1-dns",
    [](CLI::App& app) -> std::function<int()> {
      auto name = std::make_shared<std::string>();
      app.add_option("NAME", *name, "a name that `blackstart list` prints")->required();
      return [name] { return show(*name); };
    }};

}  // namespace blackstart::cli
