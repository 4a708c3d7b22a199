#include "cli/experiment.h"

#include <pwd.h>
#include <signal.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "blackstart/limits.h"
#include "blackstart/report.h"
#include "cli/errors.h"
#include "cli/live.h"
#include "cli/series.h"
#include "cli/still_there.h"
#include "core/analysis.h"
#include "core/series.h"
#include "core/version.h"
#include "netlink/kernel_facts.h"
#include "netlink/nft_owner.h"
#include "report/journal_file.h"
#include "report/terminal.h"
#include "report/writers.h"
#include "run/place.h"
#include "run/preflight.h"
#include "run/runner.h"
#include "run/stack.h"
#include "sys/clock.h"
#include "sys/entropy.h"
#include "sys/user_namespace.h"

namespace blackstart::cli {
namespace {

namespace fs = std::filesystem;

std::vector<Nameserver> upstreams_of(const std::vector<std::string>& texts) {
  std::vector<Nameserver> upstreams;
  for (const std::string& text : texts) {
    const auto endpoint = parse_endpoint(text, 53);
    if (!endpoint) {
      throw CommandError{exit_code::usage,
                         "--upstream takes an address such as 1.1.1.1 or "
                         "[::1]:5353, not '" +
                             text + "'"};
    }
    upstreams.emplace_back(*endpoint);
  }
  return upstreams;
}

std::string user_name() {
  const passwd* user = ::getpwuid(::getuid());
  return user != nullptr ? user->pw_name : std::to_string(::getuid());
}

RunHeader header_of(const Scenario& scenario, const ExperimentOptions& options,
                    ShapeEngine engine) {
  utsname machine{};
  ::uname(&machine);
  RunHeader header;
  header.tool_version = kVersion;
  header.host = machine.nodename;
  header.kernel = std::string{machine.sysname} + " " + machine.release;
  header.engine = to_text(engine);
  header.user = user_name();
  header.pid = static_cast<int>(::getpid());
  header.seed = scenario.seed.value_or(random_seed());
  ExperimentOptions this_one = options;
  this_one.repeat = 1;
  header.command = repeat_command(this_one, header.seed);
  header.speed = scenario.speed;
  header.scenario = scenario.name;
  header.scenario_resolved = scenario.resolved;
  header.started_at = wall_clock_text();
  return header;
}

std::string make_out_dir(const ExperimentOptions& options, const RunHeader& header) {
  const std::string folder =
      options.out.empty() ? free_folder(header.started_at, header.scenario) : options.out;
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    throw CommandError{exit_code::machine, "cannot make the run's folder " + folder + ": " +
                                               problem.message() + "\ntry: --out /tmp/run"};
  }
  return folder;
}

// Returns the engine for what the scenario asks of packets.
Engine refuse_what_is_missing(const Scenario& scenario) {
  const netlink::KernelFacts facts = netlink::probe_kernel(needs_of(scenario));
  const std::vector<Missing> missing = preflight(scenario, facts);
  if (missing.empty()) return engine_for(scenario, facts);
  std::string text = "this machine cannot play " + scenario.name + "; nothing was injected";
  for (const Missing& one : missing) text += "\n  " + to_text(one);
  throw CommandError{exit_code::machine, text};
}

// What a stack said that never got ready, as it said it.
void show_last_output(const std::string& folder) {
  const std::string path = stack_log_path(folder);
  const std::string text = newest_lines(path);
  if (text.empty()) return;
  std::fprintf(stderr, "\nblackstart: the last lines of %s\n%s%s", path.c_str(), text.c_str(),
               text.ends_with('\n') ? "" : "\n");
}

std::string whose_run(const netlink::FoundTable& table) {
  if (!table.pid) return "another program owns the nftables table '" + table.name + "'";
  return "another run is in force on this machine: pid " + std::to_string(*table.pid);
}

// A run that was refused before it began leaves no journal, and no folder that it made for it.
class Traces {
 public:
  Traces(std::string folder, bool was_there) : folder_{std::move(folder)}, was_there_{was_there} {}
  Traces(const Traces&) = delete;
  Traces& operator=(const Traces&) = delete;
  ~Traces() {
    if (folder_.empty()) return;
    std::error_code ignored;
    fs::remove(folder_ + "/journal.jsonl", ignored);
    if (!was_there_) fs::remove(folder_, ignored);
  }
  void keep() { folder_.clear(); }

 private:
  std::string folder_;
  bool was_there_;
};

// Whoever sits elsewhere is asked by the view, and answers at the terminal.
Confirmation confirmation_by(LiveView& live, const ExperimentOptions& options) {
  Confirmation confirmation{.needless = options.i_am_local};
  if (!person_can_be_asked()) return confirmation;
  confirmation.ask = [&live](std::optional<RunTime> until) {
    if (until) forget_what_was_typed();
    live.ask(until);
  };
  confirmation.answered = enter_was_pressed;
  return confirmation;
}

// Everything but loading: in the sandbox where there is one.
int play(const Scenario& scenario, const ExperimentOptions& options) {
  std::vector<Nameserver> upstreams = upstreams_of(options.upstreams);
  const Engine engine = refuse_what_is_missing(scenario);
  const RunHeader header = header_of(scenario, options, engine.kind);
  const bool was_there = !options.out.empty() && fs::exists(options.out);
  const std::string folder = make_out_dir(options, header);
  JournalWriter journal{folder + "/journal.jsonl", header};
  Traces traces{folder, was_there};
  RunTime flushed;
  Analysis analysis{scenario};
  LiveView live{scenario,
                analysis,
                {options.plain, options.quiet || options.result_only(), options.of_series}};

  RunSetup setup{scenario, header, folder, std::move(upstreams), engine, {}, {}, {}};
  setup.confirmation = confirmation_by(live, options);
  setup.record = [&](const RunEvent& event) {
    analysis.add(event);
    live.on_event(event);
    if (!std::holds_alternative<RunHeader>(event)) journal.write(event);
  };
  setup.tick = [&](RunTime now) {
    live.on_tick(now);
    if (now - flushed < limits::journal_flush_interval) return;
    journal.flush();
    flushed = now;
  };
  EndEvent end;
  try {
    end = run(std::move(setup));
    traces.keep();
    if (end.why == EndEvent::Why::error) analysis.add(end);
  } catch (const LockOut& refused) {
    throw CommandError{exit_code::usage, refused.what()};
  } catch (const netlink::TableTaken& taken) {
    throw CommandError{exit_code::machine,
                       whose_run(taken.table()) + "; one run at a time\ntry: blackstart status"};
  } catch (const std::system_error&) {
    throw;
  } catch (const std::runtime_error& refused) {  // no such container, interface or cgroup
    throw CommandError{exit_code::machine, refused.what()};
  }
  live.close();

  const RunReport report = analysis.report();
  if (!options.result_only() && options.of_series.empty()) {
    print_report(report, {.plain = options.plain, .quiet = options.quiet, .folder = folder});
  }
  if (end.why == EndEvent::Why::stack_not_ready) show_last_output(folder);
  write_to(folder + "/report.json", json_report(report));
  if (!options.json.empty()) write_to(options.json, json_report(report));
  if (!options.junit.empty()) write_to(options.junit, junit_report(report));
  return report.exit_code;
}

}  // namespace

void add_output_options(CLI::App& app, ExperimentOptions& options) {
  app.add_option("--out", options.out, "the run's folder; default runs/DATE-NAME");
  app.add_option("--json", options.json, "write the result as JSON; - for standard output");
  app.add_option("--junit", options.junit, "write the result as JUnit XML");
  app.add_option("--upstream", options.upstreams, "where the resolver forwards to; repeatable")
      ->allow_extra_args(false);
  app.add_flag("--plain", options.plain, "plain lines: no colour, no live view");
  app.add_flag("--i-am-local", options.i_am_local,
               "not here by SSH: don't ask before cutting this machine off");
  app.add_flag("-q,--quiet", options.quiet, "only the verdict");
}

void add_repeat_option(CLI::App& app, ExperimentOptions& options) {
  app.add_option("--repeat", options.repeat,
                 "play it so often, with seed, seed + 1, ...; each run in a folder in --out")
      ->check(CLI::Range(std::size_t{1}, limits::repeats_max));
}

std::string free_folder(std::string started_at, const std::string& scenario) {
  started_at.resize(19);  // to the second
  std::erase(started_at, ':');
  const std::string first = "runs/" + started_at + "-" + scenario;
  std::string folder = first;
  for (int n = 2; fs::exists(folder); ++n) folder = first + "-" + std::to_string(n);
  return folder;
}

std::string repeat_command(const ExperimentOptions& options, std::uint64_t seed) {
  if (!options.command.empty()) return options.command + " --seed " + std::to_string(seed);
  const ScenarioOptions& one = options.scenario;
  std::string text = "blackstart run " + one.scenario;
  for (const std::string& set : one.sets) text += " --set " + set;
  for (const std::string& probe : one.probes) text += " --probe " + probe;
  if (!one.where.empty()) text += " --where " + one.where;
  if (!one.engine.empty()) text += " --engine " + one.engine;
  if (!one.speed.empty()) text += " --speed " + one.speed;
  if (!one.ranges.empty()) text += " --ranges " + one.ranges;
  for (const std::string& upstream : options.upstreams) text += " --upstream " + upstream;
  if (options.i_am_local) text += " --i-am-local";
  text += " --seed " + std::to_string(seed);
  return options.repeat > 1 ? text + " --repeat " + std::to_string(options.repeat) : text;
}

void write_to(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return;
  }
  std::ofstream out{path, std::ios::binary};
  out << text;
  out.close();
  if (!out) throw CommandError{exit_code::machine, "cannot write " + path};
}

int play_once(const Scenario& scenario, const ExperimentOptions& options) {
  if (scenario.where.kind != Where::Kind::sandbox) return play(scenario, options);
  try {
    return run_in_sandbox(
        {}, [&] { return carry_out_safely([&] { return play(scenario, options); }); });
  } catch (const SandboxError& refused) {
    throw CommandError{exit_code::machine,
                       std::string{refused.what()} + "\ntry: " + refused.remedy()};
  }
}

int experiment(const ExperimentOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that has gone must not end the run
  const Scenario scenario = load_scenario(options.scenario, options.overlays);
  return options.repeat > 1 ? play_series(scenario, options) : play_once(scenario, options);
}

}  // namespace blackstart::cli
