#include <CLI/CLI.hpp>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment.h"

namespace blackstart::cli {

extern const Command run_command{
    "run", "play an outage and measure the recovery",
    "blackstart run us-east-1-dns --probe http://localhost:8080/health --speed 600",
    [](CLI::App& app) -> std::function<int()> {
      auto options = std::make_shared<ExperimentOptions>();
      add_scenario_options(app, options->scenario);
      add_output_options(app, *options);
      add_repeat_option(app, *options);
      return [options] { return experiment(*options); };
    }};

}  // namespace blackstart::cli
