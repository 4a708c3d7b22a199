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
#include "core/analysis.h"
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

// The command that repeats the run, seed included.
std::string repeat_command(const ExperimentOptions& options, std::uint64_t seed) {
  const ScenarioOptions& one = options.scenario;
  std::string text = "blackstart run " + one.scenario;
  for (const std::string& set : one.sets) text += " --set " + set;
  for (const std::string& probe : one.probes) text += " --probe " + probe;
  if (!one.where.empty()) text += " --where " + one.where;
  if (!one.speed.empty()) text += " --speed " + one.speed;
  for (const std::string& upstream : options.upstreams) text += " --upstream " + upstream;
  return text + " --seed " + std::to_string(seed);
}

RunHeader header_of(const Scenario& scenario, const ExperimentOptions& options) {
  utsname machine{};
  ::uname(&machine);
  RunHeader header;
  header.tool_version = kVersion;
  header.host = machine.nodename;
  header.kernel = std::string{machine.sysname} + " " + machine.release;
  header.engine = "nftables";
  header.user = user_name();
  header.pid = static_cast<int>(::getpid());
  header.seed = scenario.seed.value_or(random_seed());
  header.command = repeat_command(options, header.seed);
  header.speed = scenario.speed;
  header.scenario = scenario.name;
  header.scenario_resolved = scenario.resolved;
  header.started_at = wall_clock_text();
  return header;
}

// runs/2025-10-20T064800-us-east-1-dns; a second run in the same second gets a number.
std::string make_out_dir(const ExperimentOptions& options, const RunHeader& header) {
  std::string folder = options.out;
  if (folder.empty()) {
    std::string stamp = header.started_at.substr(0, 19);
    std::erase(stamp, ':');
    folder = "runs/" + stamp + "-" + header.scenario;
    for (int n = 2; fs::exists(folder + (n == 2 ? "" : "-" + std::to_string(n - 1))); ++n) {
      if (!fs::exists(folder + "-" + std::to_string(n))) {
        folder += "-" + std::to_string(n);
        break;
      }
    }
  }
  std::error_code problem;
  fs::create_directories(folder, problem);
  if (problem) {
    throw CommandError{exit_code::machine, "cannot make the run's folder " + folder + ": " +
                                               problem.message() + "\ntry: --out /tmp/run"};
  }
  return folder;
}

void refuse_what_is_missing(const Scenario& scenario) {
  const std::vector<Missing> missing =
      preflight(scenario, netlink::probe_kernel(needs_of(scenario)));
  if (missing.empty()) return;
  std::string text = "this machine cannot play " + scenario.name + "; nothing was injected";
  for (const Missing& one : missing) text += "\n  " + to_text(one);
  throw CommandError{exit_code::machine, text};
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

// Everything but loading: in the sandbox where there is one.
int play(const Scenario& scenario, const ExperimentOptions& options) {
  std::vector<Nameserver> upstreams = upstreams_of(options.upstreams);
  refuse_what_is_missing(scenario);
  const RunHeader header = header_of(scenario, options);
  const bool was_there = !options.out.empty() && fs::exists(options.out);
  const std::string folder = make_out_dir(options, header);
  JournalWriter journal{folder + "/journal.jsonl", header};
  Traces traces{folder, was_there};
  RunTime flushed;
  Analysis analysis{scenario};
  const bool result_only = options.json == "-" || options.junit == "-";
  LiveView live{scenario, analysis, {options.plain, options.quiet || result_only}};

  RunSetup setup{scenario, header, folder, std::move(upstreams), {}, {}};
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
  if (!result_only) {
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
  app.add_flag("-q,--quiet", options.quiet, "only the verdict");
}

int experiment(const ExperimentOptions& options) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that has gone must not end the run
  const Scenario scenario = load_scenario(options.scenario, options.overlays);
  if (scenario.where.kind != Where::Kind::sandbox) return play(scenario, options);
  try {
    return run_in_sandbox(
        {}, [&] { return carry_out_safely([&] { return play(scenario, options); }); });
  } catch (const SandboxError& refused) {
    throw CommandError{exit_code::machine,
                       std::string{refused.what()} + "\ntry: " + refused.remedy()};
  }
}

}  // namespace blackstart::cli
