#include "fault/compiler.h"

#include <algorithm>
#include <utility>

#include "dns/name.h"
#include "fault/follower.h"
#include "fault/rule_book.h"

namespace blackstart {
namespace {

using netlink::Family;

struct DeviceHook {
  const char* chain;  // what it enters
  const char* name;
  netlink::Hook hook;
};
constexpr std::array kDeviceHooks{
    DeviceHook{kEgressChain, "egress", netlink::Hook::egress},
    DeviceHook{kIngressChain, "ingress", netlink::Hook::ingress},
};

// The base chains of `table` on these devices.
std::vector<netlink::Chain> device_chains(const netlink::Table& table,
                                          const std::vector<std::string>& devices,
                                          const std::string& suffix) {
  std::vector<netlink::Chain> chains;
  for (const DeviceHook& hook : kDeviceHooks) {
    if (std::ranges::find(table.chains, hook.chain, &netlink::Chain::name) == table.chains.end()) {
      continue;
    }
    chains.push_back({.name = hook.name + suffix,
                      .base = netlink::BaseChain{.type = netlink::ChainType::filter,
                                                 .hook = hook.hook,
                                                 .priority = 0,
                                                 .devices = devices},
                      .rules = {{{netlink::Jump{hook.chain}}, {}}}});
  }
  return chains;
}

}  // namespace

void FaultCompiler::add_dns(dns::FaultRule rule) {
  rule.entry = book_.current().entry;
  if (rule.names.empty()) {
    for (const std::string& name : target_.names) {
      const auto pattern = dns::NamePattern::from_text(name);
      BS_ASSERT(pattern.has_value());  // Fault::objections() has looked at each
      rule.names.push_back(*pattern);
    }
  }
  book_.current().dns = true;
  book_.out().dns.push_back(std::move(rule));
}

void FaultCompiler::add_partition(const PartitionSpec& spec) {
  add_partition_rules(book_, target_, spec);
}

void FaultCompiler::add_network(const NetworkSpec& spec) {
  add_network_rules(book_, target_, spec);
}

void FaultCompiler::add_proxy(const ProxySpec& spec) {
  if (target_.proxy.empty()) return add_proxy_rules(book_, target_, spec);
  book_.out().named.push_back({book_.current().entry, target_.api, target_.proxy, spec.toxics});
}

const CompiledEntry* CompiledEntries::find(std::uint32_t entry) const {
  const auto found = std::ranges::find(entries, entry, &CompiledEntry::entry);
  return found == entries.end() ? nullptr : &*found;
}

std::vector<Endpoint> CompiledEntries::apis() const {
  std::vector<Endpoint> out;
  for (const NamedEntry& entry : named) {
    const auto api = parse_endpoint(entry.api, 0);
    if (api && std::ranges::find(out, *api) == out.end()) out.push_back(*api);
  }
  return out;
}

bool CompiledEntries::on_devices() const {
  return std::ranges::any_of(
      ruleset.tables, [](const netlink::Table& table) { return table.family == Family::netdev; });
}

EntryToCompile entry_to_compile(const Scenario& scenario, const Timeline& timeline,
                                std::uint32_t entry) {
  const Entry& one = scenario.timeline[entry];
  const Timeline::Extent extent = timeline.extent(entry);
  return {entry, one.fault.get(), &scenario.targets[one.target], extent.from, extent.to};
}

CompiledEntries compile_entries(std::span<const EntryToCompile> entries,
                                const CompileOptions& options) {
  BS_ASSERT(options.marks.valid());
  RuleBook book{options};
  for (const EntryToCompile& entry : entries) {
    // Without its prefixes it would select everything.
    BS_ASSERT(!entry.target->aws || !entry.target->aws->prefixes.empty());
    book.begin(entry);
    FaultCompiler compiler{book, *entry.target};
    entry.fault->compile(compiler);
  }
  CompiledEntries compiled = book.finish();
  compiled.followed = followed_entries(entries, compiled);
  return compiled;
}

netlink::Table& inet_table(netlink::Ruleset& ruleset) {
  const auto found = std::ranges::find(ruleset.tables, Family::inet, &netlink::Table::family);
  if (found != ruleset.tables.end()) return *found;
  netlink::Table made;
  made.family = Family::inet;
  return *ruleset.tables.insert(ruleset.tables.begin(), std::move(made));
}

netlink::Ruleset bind_devices(const CompiledEntries& compiled,
                              const std::vector<std::string>& devices) {
  netlink::Ruleset ruleset = compiled.ruleset;
  if (!ruleset.tables.empty() || compiled.needs_resolver()) inet_table(ruleset);
  for (netlink::Table& table : ruleset.tables) {
    if (table.family != Family::netdev) continue;
    std::ranges::move(device_chains(table, devices, {}), std::back_inserter(table.chains));
    if (!compiled.answers) continue;
    table.chains.push_back(
        {.name = "answered",
         .base = netlink::BaseChain{.type = netlink::ChainType::filter,
                                    .hook = netlink::Hook::ingress,
                                    .priority = 0,
                                    .devices = {kHostAnswerDevice, kPortAnswerDevice}},
         .rules = {{{netlink::Drop{}}, "its listener has seen it and answers"}}});
  }
  return ruleset;
}

std::vector<netlink::Chain> late_chains(const CompiledEntries& compiled, const std::string& device,
                                        std::uint32_t device_index) {
  for (const netlink::Table& table : compiled.ruleset.tables) {
    if (table.family == Family::netdev) {
      return device_chains(table, {device}, '_' + std::to_string(device_index));
    }
  }
  return {};
}

}  // namespace blackstart
