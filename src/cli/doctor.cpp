#include <CLI/CLI.hpp>
#include <cstdio>
#include <string>

#include "blackstart/report.h"
#include "cli/commands.h"
#include "netlink/kernel_facts.h"

namespace blackstart::cli {
namespace {

void print(const netlink::KernelFact& fact) {
  std::printf("  %s  %s", fact.ok ? "ok" : "--", fact.name.c_str());
  if (!fact.ok) std::printf(": %s", fact.why.c_str());
  std::puts("");
  if (!fact.ok && !fact.remedy.empty()) std::printf("      try: %s\n", fact.remedy.c_str());
}

int doctor() {
  const netlink::KernelFacts facts =
      netlink::probe_kernel(netlink::kKernelNeeds | netlink::kRungNeeds);
  std::puts("What this machine can do, each found by trying it in a throw-away namespace:\n");
  bool all_well = facts.host.ok || facts.sandbox.ok;
  print(facts.host);
  print(facts.sandbox);
  for (const netlink::KernelFact& fact : facts.facts) {
    print(fact);
    all_well = all_well && (fact.ok || has(netlink::kRungNeeds, fact.need));
  }
  std::puts(all_well ? "\nReady: blackstart demo"
                     : "\nFaults that need what is missing are refused.");
  return all_well ? exit_code::held : exit_code::machine;
}

}  // namespace

extern const Command doctor_command{"doctor", "what this machine can do, and what is missing",
                                    "blackstart doctor",
                                    [](CLI::App&) -> std::function<int()> { return doctor; }};

}  // namespace blackstart::cli
