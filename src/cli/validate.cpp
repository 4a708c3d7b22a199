#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/loading.h"
#include "scenario/library.h"

namespace blackstart::cli {
namespace {

struct Options {
  std::vector<std::string> files, sets;
  std::string ranges;
  bool quiet = false;
};

int validate(const Options& options) {
  bool all_well = true;
  for (const std::string& file : options.files) {
    const auto library = library_source(file);
    const Loaded loaded = load(library ? *library : read_source(file), all_kinds(),
                               load_options(options.sets, options.ranges));
    if (!print_diagnostics(loaded)) {
      all_well = false;
    } else if (!options.quiet) {
      std::printf("%s: valid: %s\n", file.c_str(), loaded.scenario->title.c_str());
    }
  }
  return all_well ? exit_code::held : exit_code::usage;
}

}  // namespace

extern const Command validate_command{
    "validate", "check scenario files; prints all mistakes", "blackstart validate outage.yaml",
    [](CLI::App& app) -> std::function<int()> {
      auto options = std::make_shared<Options>();
      app.add_option("FILE", options->files, "scenario files")->required();
      app.add_option("--set", options->sets, "name=value of a variable; repeatable")
          ->allow_extra_args(false);
      add_ranges_option(app, options->ranges);
      app.add_flag("-q,--quiet", options->quiet, "say nothing of valid files");
      return [options] { return validate(*options); };
    }};

}  // namespace blackstart::cli
