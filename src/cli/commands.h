#pragma once

// The verbs of the command line: one file and one row each.

#include <functional>
#include <span>
#include <string_view>

namespace CLI {
class App;
}

namespace blackstart::cli {

struct Command {
  std::string_view name;
  std::string_view summary;
  std::string_view example;  // works as pasted; printed under the verb's --help

  // Adds the verb's options to `app` and returns what carries it out. The closure owns the
  // options, is called at most once, after parsing, and returns the exit code.
  std::function<int()> (*attach)(CLI::App& app);
};

std::span<const Command* const> commands();

// The whole program: parses, carries out, and turns what went wrong into a sentence and an
// exit code.
int run_command_line(int argc, char** argv);

}  // namespace blackstart::cli
