#include "fault/compiler.h"

#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <stdexcept>
#include <utility>

#include "dns/name.h"
#include "fault/follower.h"
#include "fault/selector.h"
#include "netlink/expressions.h"

namespace blackstart {
namespace {

using netlink::Expression;
using netlink::Family;
using netlink::Rule;
using netlink::Side;

// The chains that entries add rules to, in the order in which they are listed.
enum class At : std::uint8_t { output, input, forward, egress, ingress };

struct ChainRow {
  At at;
  Family family;
  const char* name;
  netlink::Hook hook;
  std::int32_t priority;
};

// Output comes late, when nobody else will change the mark any more; the rest at 0.
constexpr std::array kChains{
    ChainRow{At::output, Family::inet, "fault_output", netlink::Hook::output, 300},
    ChainRow{At::input, Family::inet, "fault_input", netlink::Hook::input, 0},
    ChainRow{At::forward, Family::inet, "fault_forward", netlink::Hook::forward, 0},
    ChainRow{At::egress, Family::netdev, "fault_egress", netlink::Hook::egress, 0},
    ChainRow{At::ingress, Family::netdev, "fault_ingress", netlink::Hook::ingress, 0},
};

Family family_of(At at) { return kChains[static_cast<std::size_t>(at)].family; }

netlink::MatchMark marked(std::uint32_t bit) { return {.mask = bit, .value = bit}; }
netlink::SetMark set_mark(std::uint32_t bit) { return {.mask = bit, .value = bit}; }

netlink::Reject reject_with(PartitionHow how, L4Part part) {
  using With = netlink::Reject::With;
  if (how == PartitionHow::unreachable) return {.with = With::icmpx, .code = 2};
  return part == L4Part::tcp ? netlink::Reject{.with = With::tcp_reset, .code = 0}
                             : netlink::Reject{.with = With::icmpx, .code = 1};
}

}  // namespace

// Gathers the rules of all entries. In each chain the rules that count come before those that
// decide, so that partitions which overlap each prove themselves.
class FaultCompiler::Impl {
 public:
  explicit Impl(const CompileOptions& options) : options_{options} { out_.marks = options.marks; }

  void begin(std::uint32_t entry) {
    const std::string number = std::to_string(entry);
    out_.entries.push_back(
        {.entry = entry, .armed = "armed_" + number, .counter = "entry_" + number});
  }

  void add_dns(dns::FaultRule rule) {
    current().dns = true;
    out_.dns.push_back(std::move(rule));
  }

  void add_partition(const Target& target, const PartitionSpec& spec) {
    std::optional<CgroupId> cgroup;
    if (!target.cgroup.empty()) {
      cgroup = options_.cgroup(target.cgroup);
      if (!cgroup) throw std::runtime_error{"there is no cgroup '" + target.cgroup + "'"};
    }
    const PacketRules rules{target, spec, std::move(cgroup)};
    if (spec.direction != TrafficDirection::in) add_out(rules);
    if (spec.direction != TrafficDirection::out) add_in(rules);
    if (!target.interface.empty()) out_.interfaces.push_back(target.interface);
    if (spec.cut_existing) out_.cuts.push_back({current().entry, target});
  }

  CompiledEntries finish();

 private:
  struct PacketRules {
    const Target& target;
    const PartitionSpec& spec;
    std::optional<CgroupId> cgroup;
  };

  // Which of the two ends is the target there.
  struct Place {
    At at;
    Side side;
  };
  static constexpr Place kOutput{At::output, Side::destination};
  static constexpr Place kEgress{At::egress, Side::destination};

  CompiledEntry& current() { return out_.entries.back(); }

  SelectorNames names() { return SelectorNames::of(current().counter); }

  void add_rule(At at, bool counts, Matches matches, Expression action) {
    const Family family = family_of(at);
    (family == Family::inet ? current().inet : current().netdev) = true;
    matches.insert(matches.begin(), netlink::MatchProtocolSet{current().armed});
    matches.push_back(std::move(action));
    auto& list = counts ? counting_[at] : deciding_[at];
    list.push_back(Rule{.expressions = std::move(matches), .comment = {}});
  }

  // One rule for each way in which the target selects `part`.
  void add(const PacketRules& rules, Place place, bool counts, L4Part part,
           const Expression& action) {
    const bool process = place.at != At::forward && place.at != At::ingress;
    for (Matches& matches :
         selections(rules.target, names(), place.side, part, process, rules.cgroup)) {
      add_rule(place.at, counts, std::move(matches), action);
    }
    add_sets(rules.target, family_of(place.at));
  }

  void count(const PacketRules& rules, Place place) {
    add(rules, place, true, L4Part::all, netlink::Count{current().counter});
  }

  void add_sets(const Target& target, Family family) {
    auto& sets = sets_[family];
    for (netlink::Set& set : selector_sets(target, names())) {
      if (std::ranges::find(sets, set.name, &netlink::Set::name) == sets.end()) {
        sets.push_back(std::move(set));
      }
    }
  }

  void add_out(const PacketRules& rules) {
    if (rules.spec.how == PartitionHow::drop) {
      drop_out(rules);
    } else {
      answer_out(rules);
      if (!by_process(rules.target)) reject(rules, {At::forward, Side::destination});
    }
  }

  void add_in(const PacketRules& rules) {
    if (rules.spec.how == PartitionHow::drop) {
      const Place place{by_process(rules.target) ? At::input : At::ingress, Side::source};
      count(rules, place);
      add(rules, place, false, L4Part::all, netlink::Drop{});
    } else {
      reject(rules, {At::input, Side::source});
      if (!by_process(rules.target)) reject(rules, {At::forward, Side::source});
    }
  }

  void drop_out(const PacketRules& rules) {
    out_.swallows = true;
    const netlink::ForwardTo swallow{kSwallowDevice};
    if (!rules.cgroup) {
      count(rules, kEgress);
      add(rules, kEgress, false, L4Part::all, swallow);
      return;
    }
    count(rules, kOutput);
    add(rules, kOutput, false, L4Part::all, set_mark(out_.marks.swallow()));
    add_rule(At::egress, false, {marked(out_.marks.swallow())}, swallow);
  }

  // What local processes send and that must be answered.
  void answer_out(const PacketRules& rules) {
    out_.answers = true;
    rejects_ = true;
    count(rules, kOutput);
    const bool reset = rules.spec.how == PartitionHow::reset;
    if (reset) add(rules, kOutput, false, L4Part::tcp, reject_with(rules.spec.how, L4Part::tcp));
    const std::uint32_t bit = reset ? out_.marks.port_unreachable() : out_.marks.host_unreachable();
    add(rules, kOutput, false, reset ? L4Part::rest : L4Part::all, set_mark(bit));
    add_rule(At::egress, false, {marked(bit)},
             netlink::ForwardTo{reset ? kPortAnswerDevice : kHostAnswerDevice});
  }

  void reject(const PacketRules& rules, Place place) {
    rejects_ = true;
    count(rules, place);
    add(rules, place, false, L4Part::tcp, reject_with(rules.spec.how, L4Part::tcp));
    add(rules, place, false, L4Part::rest, reject_with(rules.spec.how, L4Part::rest));
  }

  netlink::Chain chain(const ChainRow& row);
  netlink::Table table(Family family);

  const CompileOptions& options_;
  CompiledEntries out_;
  std::map<At, std::vector<Rule>> counting_, deciding_;
  std::map<Family, std::vector<netlink::Set>> sets_;
  bool rejects_ = false;
};

netlink::Chain FaultCompiler::Impl::chain(const ChainRow& row) {
  netlink::Chain chain{.name = row.name,
                       .base = netlink::BaseChain{.type = netlink::ChainType::filter,
                                                  .hook = row.hook,
                                                  .priority = row.priority,
                                                  .devices = {}},
                       .rules = {}};
  std::vector<Rule>& counting = counting_[row.at];
  std::vector<Rule>& deciding = deciding_[row.at];
  if (counting.empty() && deciding.empty()) return chain;
  if (rejects_ && row.family == Family::inet) {
    chain.rules.push_back({{netlink::MatchState{{netlink::CtState::related}}, netlink::Accept{}},
                           "what answers a rejection"});
  }
  std::ranges::move(counting, std::back_inserter(chain.rules));
  std::ranges::move(deciding, std::back_inserter(chain.rules));
  return chain;
}

netlink::Table FaultCompiler::Impl::table(Family family) {
  netlink::Table table{.family = family,
                       .name = netlink::kTableName,
                       .owned = true,
                       .counters = {},
                       .sets = {},
                       .chains = {}};
  for (const CompiledEntry& entry : out_.entries) {
    if (!(family == Family::inet ? entry.inet : entry.netdev)) continue;
    table.counters.push_back({entry.counter});
    table.sets.push_back(netlink::armed_set(entry.armed));
  }
  std::ranges::move(sets_[family], std::back_inserter(table.sets));
  for (const ChainRow& row : kChains) {
    if (row.family != family) continue;
    netlink::Chain made = chain(row);
    if (!made.rules.empty()) table.chains.push_back(std::move(made));
  }
  return table;
}

CompiledEntries FaultCompiler::Impl::finish() {
  for (const Family family : {Family::inet, Family::netdev}) {
    netlink::Table made = table(family);
    if (!made.chains.empty()) out_.ruleset.tables.push_back(std::move(made));
  }
  return std::move(out_);
}

void FaultCompiler::add_dns(dns::FaultRule rule) {
  rule.entry = entry_;
  if (rule.names.empty()) {
    for (const std::string& name : target_.names) {
      const auto pattern = dns::NamePattern::from_text(name);
      BS_ASSERT(pattern.has_value());  // Fault::objections() has looked at each
      rule.names.push_back(*pattern);
    }
  }
  impl_.add_dns(std::move(rule));
}

void FaultCompiler::add_partition(const PartitionSpec& spec) { impl_.add_partition(target_, spec); }

const CompiledEntry* CompiledEntries::find(std::uint32_t entry) const {
  const auto found = std::ranges::find(entries, entry, &CompiledEntry::entry);
  return found == entries.end() ? nullptr : &*found;
}

CompiledEntries compile_entries(std::span<const EntryToCompile> entries,
                                const CompileOptions& options) {
  BS_ASSERT(options.marks.valid());
  FaultCompiler::Impl impl{options};
  for (const EntryToCompile& entry : entries) {
    impl.begin(entry.entry);
    FaultCompiler compiler{impl, entry.entry, *entry.target};
    entry.fault->compile(compiler);
  }
  CompiledEntries compiled = impl.finish();
  compiled.followed = followed_entries(entries, compiled);
  return compiled;
}

netlink::Ruleset bind_devices(const CompiledEntries& compiled, std::vector<std::string> devices) {
  netlink::Ruleset ruleset = compiled.ruleset;
  for (netlink::Table& table : ruleset.tables) {
    if (table.family != Family::netdev) continue;
    for (netlink::Chain& chain : table.chains) chain.base->devices = devices;
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

std::optional<CgroupId> find_cgroup(const std::string& path) {
  constexpr std::string_view kRoot = "/sys/fs/cgroup";
  std::string below = path;
  if (below.starts_with(kRoot)) below.erase(0, kRoot.size());
  while (below.starts_with('/')) below.erase(0, 1);
  while (below.ends_with('/')) below.pop_back();
  // Where version 1 hierarchies are mounted too, version 2 is one below.
  for (const std::string& root : {std::string{kRoot}, std::string{kRoot} + "/unified"}) {
    struct stat found {};
    const std::string folder = root + '/' + below;
    if (::stat((folder + "/cgroup.procs").c_str(), &found) != 0) continue;
    if (::stat(folder.c_str(), &found) != 0) continue;
    const auto slashes = std::ranges::count(below, '/');
    return CgroupId{.inode = found.st_ino,
                    .level = below.empty() ? 0 : static_cast<std::uint32_t>(slashes) + 1,
                    .path = below};
  }
  return std::nullopt;
}

}  // namespace blackstart
