#include "core/plan.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "cli/loading.h"
#include "cli/preview.h"
#include "netlink/kernel_facts.h"
#include "run/preflight.h"

namespace blackstart::cli {
namespace {

void print_timeline(const Scenario& scenario, const Plan& plan) {
  std::printf("%s\n%s\n\n", scenario.name.c_str(), scenario.title.c_str());
  std::printf("Timeline (%s of incident in %s, speed %g; the whole run takes %s to %s)\n",
              duration_text(plan.incident_length).c_str(), duration_text(plan.real_length).c_str(),
              scenario.speed, duration_text(plan.shortest).c_str(),
              duration_text(plan.longest).c_str());
  for (const PlanStep& step : plan.steps) {
    std::printf("  +%-10s", duration_text(step.incident).c_str());
    std::string indent = "  ";
    for (const std::string& line : step.lines) {
      std::printf("%s%s\n", indent.c_str(), line.c_str());
      indent = std::string(15, ' ');
    }
  }
}

void print_probes(const Scenario& scenario) {
  std::puts("\nProbes");
  if (scenario.probes.empty())
    std::puts("  none: add one with --probe URL, or nothing is measured");
  for (const ProbeSpec& probe : scenario.probes) {
    std::printf("  %-18s %s, every %s%s\n", probe.name.c_str(), probe.check->in_words().c_str(),
                duration_text(probe.every).c_str(),
                probe.role == Role::control ? " (control: must not move)" : "");
  }
}

int plan(const ScenarioOptions& options) {
  const Scenario scenario = load_scenario(options);
  print_timeline(scenario, make_plan(scenario));
  print_probes(scenario);

  const netlink::KernelFacts facts = netlink::probe_kernel(needs_of(scenario));
  const auto missing = preflight(scenario, facts);
  if (!missing.empty()) {
    std::puts("\nThis machine cannot play it:");
    for (const Missing& one : missing) std::printf("  %s\n", to_text(one).c_str());
    return exit_code::machine;
  }
  print_preview(scenario, engine_for(scenario, facts));
  std::puts("\nNothing was changed.");
  return exit_code::held;
}

}  // namespace

extern const Command plan_command{"plan", "what a run would do, changing nothing",
                                  "blackstart plan us-east-1-dns --where sandbox",
                                  [](CLI::App& app) -> std::function<int()> {
                                    auto options = std::make_shared<ScenarioOptions>();
                                    add_scenario_options(app, *options);
                                    return [options] { return plan(*options); };
                                  }};

}  // namespace blackstart::cli
