#include "cli/commands.h"

#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "blackstart/report.h"
#include "cli/errors.h"
#include "core/version.h"

namespace blackstart::cli {

extern const Command run_command, plan_command, validate_command, list_command, show_command,
    doctor_command, status_command, heal_command, report_command, schema_command, demo_command,
    compare_command, inject_command, serve_command, toxi_command;

namespace {

constexpr std::array kCommands{
    &demo_command,   &run_command,  &inject_command, &plan_command,    &validate_command,
    &list_command,   &show_command, &report_command, &compare_command, &doctor_command,
    &status_command, &heal_command, &schema_command, &serve_command,   &toxi_command,
};

constexpr std::string_view kOpening =
    "Blackstart rehearses outages: it injects DNS and network faults in front of a running\n"
    "stack, watches it, lifts the faults, and measures how long recovery took.\n";

std::string overview() {
  std::string text{kOpening};
  text += "\nusage: blackstart VERB [options]\n\n";
  for (const Command* command : kCommands) {
    std::string name{command->name};
    name.resize(10, ' ');
    text.append("  ").append(name).append(command->summary).append("\n");
  }
  text +=
      "\nblackstart VERB --help   the options of a verb, with an example\n"
      "\nFirst steps:\n"
      "  blackstart demo\n"
      "  blackstart plan us-east-1-dns --where sandbox\n"
      "  sudo blackstart run us-east-1-dns --probe http://localhost:8080/health --speed 600\n"
      "\nExit codes: 0 held, 1 internal error, 2 usage or invalid file, 3 this machine cannot\n"
      "do it, 4 not normal before the fault, 5 objective missed, 6 invalid experiment,\n"
      "7 stopped by a guard, 9 clean-up incomplete, 10 slower (compare), 130/143 interrupted.\n";
  return text;
}

// CLI11's own wording, one line, and what to type next.
int usage_error(const CLI::App& app, const CLI::ParseError& error) {
  const auto chosen = app.get_subcommands();
  const std::string verb = chosen.empty() ? "" : " " + chosen.front()->get_name();
  std::fprintf(stderr, "blackstart: %s\ntry: blackstart%s --help\n", error.what(), verb.c_str());
  return exit_code::usage;
}

// A shell can start us without them (`>&-`), and then a journal would get number 1 and whatever
// is printed with it.
void take_standard_streams() {
  int fd = 0;
  do fd = ::open("/dev/null", O_RDWR);
  while (fd >= 0 && fd <= STDERR_FILENO);
  if (fd >= 0) ::close(fd);
}

// Programs of others whose command lines a verb understands, by a link of that name.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kStandsInFor{{
    {"toxiproxy-server", "serve"},
    {"toxiproxy-cli", "toxi"},
}};

// What follows the program's name, last word first, as CLI11 takes it.
std::vector<std::string> words_backwards(int argc, char** argv) {
  std::vector<std::string> words(argv + std::min(argc, 1), argv + argc);
  const std::string_view path = argc > 0 ? argv[0] : "";
  for (const auto& [program, verb] : kStandsInFor) {
    if (path.substr(path.rfind('/') + 1) == program) words.emplace(words.begin(), verb);
  }
  std::ranges::reverse(words);
  return words;
}

}  // namespace

std::span<const Command* const> commands() { return kCommands; }

int run_command_line(int argc, char** argv) {
  take_standard_streams();
  CLI::App app{std::string{kOpening}, "blackstart"};
  app.set_version_flag("--version", "blackstart " + std::string{kVersion});
  app.set_help_flag();
  app.require_subcommand(0, 1);  // a verb's own words may be verbs, too
  bool help = false;
  app.add_flag("-h,--help", help);

  std::function<int()> chosen;
  for (const Command* command : kCommands) {
    CLI::App* verb = app.add_subcommand(std::string{command->name}, std::string{command->summary});
    verb->footer("example:\n  " + std::string{command->example});
    verb->set_help_flag("-h,--help", "this page");
    auto carry_out = std::make_shared<std::function<int()>>(command->attach(*verb));
    verb->callback([&chosen, carry_out] { chosen = *carry_out; });
  }

  try {
    app.parse(words_backwards(argc, argv));
  } catch (const CLI::Success& asked) {  // --help of a verb, --version
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return usage_error(app, error);
  }
  if (help || !chosen) {
    std::fputs(overview().c_str(), help ? stdout : stderr);
    return help ? exit_code::held : exit_code::usage;
  }
  return carry_out_safely(chosen);
}

}  // namespace blackstart::cli
