#pragma once

// Where the rules of all entries are gathered while they are compiled, chain by chain.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "fault/cgroup.h"
#include "fault/compiler.h"
#include "fault/selector.h"
#include "fault/shaping.h"
#include "netlink/expressions.h"
#include "netlink/ruleset.h"

namespace blackstart {

// The chains that entries add rules to, in the order in which they are listed.
// The queues are for what comes in: to a target that is reached over loopback, from one, from any
// other, and for a process that is the target's.
enum class At : std::uint8_t {
  output,
  input,
  forward,
  queue_to_lo,
  queue_from_lo,
  queue_from,
  queue_process,
  proxy_output,
  proxy_prerouting,
  egress,
  ingress
};

netlink::Family family_of(At at);

// The order within a chain. All entries count before any decides, so that faults which overlap
// each prove themselves; and a partition wins over what `network` faults do. What is first to act
// on packets of a family may count them in the same rule.
enum class Stage : std::uint8_t { count, partition, lose, redirect };

// A chain, and which of the two ends of a packet is the target there.
struct Place {
  At at;
  netlink::Side side;
};

// A target with its cgroup found.
struct Selected {
  const Target& target;
  std::optional<CgroupId> cgroup;
};

class RuleBook {
 public:
  explicit RuleBook(const CompileOptions& options) : options_{options} {
    out_.marks = options.marks;
    out_.engine = options.engine.kind;
  }

  // From here on rules belong to this entry.
  void begin(const EntryToCompile& entry);
  CompiledEntry& current() { return out_.entries.back(); }
  CompiledEntries& out() { return out_; }

  // Throws std::runtime_error where its cgroup does not exist. Its interface must.
  Selected select(const Target& target);

  // A rule for each way in which the target selects `part` there.
  void add(const Selected& selected, Place place, Stage stage, L4Part part,
           const netlink::Expression& action);
  void count(const Selected& selected, Place place);
  void add_rule(At at, Stage stage, Matches matches, netlink::Expression action);

  // The sets that selections of the current entry need, in that chain's table.
  SelectorNames set_names();
  void add_sets(const Target& target, At at);

  // Some rule rejects: what answers that must pass.
  void set_rejects() { rejects_ = true; }

  // The current entry takes part in what devices or queues do to packets there.
  void shape(At at, const NetworkSpec& spec, const Target& target, std::vector<Matches> selections);

  CompiledEntries finish();

 private:
  netlink::Chain chain(At at);
  netlink::Table table(netlink::Family family);
  void add_tree(At at, std::vector<netlink::Chain>& chains);

  const CompileOptions& options_;
  CompiledEntries out_;
  EntryToCompile entry_;
  std::map<At, std::map<Stage, std::vector<netlink::Rule>>> rules_;
  std::map<At, std::vector<netlink::Rule>> shaping_;  // the root of a tree, after all stages
  std::map<netlink::Family, std::vector<netlink::Set>> sets_;
  std::map<At, std::vector<ShapedEntry>> shaped_;
  bool rejects_ = false;
  unsigned devices_ = 0, queues_ = 0;
};

// What each kind adds (partition_rules.cpp, network_rules.cpp, proxy_rules.cpp).
void add_partition_rules(RuleBook& book, const Target& target, const PartitionSpec& spec);
void add_network_rules(RuleBook& book, const Target& target, const NetworkSpec& spec);
void add_proxy_rules(RuleBook& book, const Target& target, const ProxySpec& spec);

}  // namespace blackstart
