#include <unistd.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <memory>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/errors.h"
#include "cli/experiment.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

// The stack's program stands beside ours in a build folder, and in libexec when installed.
std::string find_beside(const std::string& name, const std::string& installed) {
  const fs::path own = fs::read_symlink("/proc/self/exe").parent_path();
  for (const fs::path& candidate : {own / name, own / ".." / installed / name}) {
    if (fs::exists(candidate)) return fs::canonical(candidate).string();
  }
  throw CommandError{exit_code::machine,
                     "the demo's " + name + " is not beside this program (" + own.string() +
                         "); build it with make build, or install both with make install"};
}

int demo(ExperimentOptions options) {
  options.scenario.scenario = "demo";
  options.scenario.sets.push_back("wallet_stack=" +
                                  find_beside("blackstart-wallet", "libexec/blackstart"));
  options.upstreams = {"10.77.0.53"};
  if (options.out.empty()) {
    options.out =
        (fs::temp_directory_path() / ("blackstart-demo-" + std::to_string(::getpid()))).string();
  }
  const int code = experiment(options);
  // The demo shows a wallet that lies: a missed objective is what it is meant to end in.
  return code == exit_code::missed ? exit_code::held : code;
}

}  // namespace

extern const Command demo_command{
    "demo", "the outage of 20 October 2025 on a small stack of its own", "blackstart demo",
    [](CLI::App& app) -> std::function<int()> {
      auto options = std::make_shared<ExperimentOptions>();
      app.add_option("--speed", options->scenario.speed, "divides every time of the timeline");
      app.add_option("--seed", options->scenario.seed, "everything random draws from it");
      add_output_options(app, *options);
      add_repeat_option(app, *options);
      return [options] { return demo(*options); };
    }};

}  // namespace blackstart::cli
