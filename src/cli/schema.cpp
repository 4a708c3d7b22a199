#include "report/schema.h"

#include <CLI/CLI.hpp>
#include <cstdio>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/loading.h"
#include "scenario/language.h"

namespace blackstart::cli {

extern const Command schema_command{
    "schema", "the JSON Schema of scenario files, for editors",
    "blackstart schema > blackstart.schema.json", [](CLI::App&) -> std::function<int()> {
      return [] {
        std::fputs(json_schema(Language{all_kinds()}.top()).c_str(), stdout);
        return exit_code::held;
      };
    }};

}  // namespace blackstart::cli
