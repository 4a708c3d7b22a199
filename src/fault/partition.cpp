// Everything blackstart knows about the `partition` kind: which shape it has, and what it needs.
// What the rules look like is compiler.h's.

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/scenario.h"
#include "core/shapes.h"
#include "fault/compiler.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

constexpr std::array<std::string_view, 3> kHowWords{"drop", "reset", "unreachable"};
constexpr std::array<std::string_view, 3> kDirectionWords{"both", "out", "in"};

constexpr Shape kHow{.kind = Kind::word, .doc = "drop, reset or unreachable", .words = kHowWords};
constexpr Shape kDirection{.kind = Kind::word, .doc = "both, out or in", .words = kDirectionWords};
constexpr Key kKeys[] = {
    {"how", &kHow,
     "what becomes of packets: drop (silence), reset (a TCP reset; port unreachable for the "
     "rest), unreachable (ICMP host unreachable). Default drop"},
    {"direction", &kDirection,
     "packets to the target (out), from it (in) or both, seen from here. Default both"},
    {"cut_existing", &shapes::kBoolean,
     "end established TCP connections too, when it begins. Default false"},
};
constexpr Shape kShape{.kind = Kind::object, .doc = "a partition", .keys = kKeys};

template <std::size_t N>
std::size_t index_of(const std::array<std::string_view, N>& words, std::string_view word) {
  const auto found = std::ranges::find(words, word);
  return found == words.end() ? 0 : static_cast<std::size_t>(found - words.begin());
}

class Partition final : public Fault {
 public:
  explicit Partition(const PartitionSpec& spec) : spec_{spec} {}

  Needs needs(const Target& target) const override {
    Needs needs = Needs::owned_tables;
    if (spec_.direction != TrafficDirection::in) needs |= Needs::egress_hook;
    if (spec_.how != PartitionHow::drop) {
      needs |= Needs::reject;
    } else if (spec_.direction != TrafficDirection::in) {
      needs |= Needs::blackhole;
    }
    if (spec_.cut_existing) needs |= Needs::sock_destroy;
    if (!target.cgroup.empty()) needs |= Needs::cgroup_match;
    if (!target.names.empty()) needs |= Needs::redirect;
    return needs;
  }

  std::string in_words() const override {
    constexpr std::array kHows{"drop everything", "reset everything", "everything is unreachable"};
    constexpr std::array kWays{"both ways", "outbound", "inbound"};
    std::string words = std::string{kHows[static_cast<std::size_t>(spec_.how)]} + ", " +
                        kWays[static_cast<std::size_t>(spec_.direction)];
    if (spec_.cut_existing) words += ", and cut what is established";
    return words;
  }

  std::vector<std::string> objections(const Target& target) const override {
    std::vector<std::string> out;
    if (!target.proxy.empty()) out.emplace_back(kOnlyToxics);
    if (target.protocol == Protocol::icmp && !target.port.empty()) {
      out.emplace_back("ICMP has no ports; leave `port` or `protocol: icmp` out");
    }
    if (spec_.cut_existing && target.protocol && target.protocol != Protocol::tcp) {
      out.emplace_back("`cut_existing` ends TCP connections, and its target selects none");
    }
    return out;
  }

  void compile(FaultCompiler& into) const override { into.add_partition(spec_); }

 private:
  PartitionSpec spec_;
};

std::unique_ptr<const Fault> parse_partition(const ParamReader& in) {
  PartitionSpec spec;
  spec.how =
      PartitionHow{static_cast<std::uint8_t>(index_of(kHowWords, in.text("how").value_or("drop")))};
  spec.direction = TrafficDirection{
      static_cast<std::uint8_t>(index_of(kDirectionWords, in.text("direction").value_or("both")))};
  spec.cut_existing = in.boolean("cut_existing").value_or(false);
  return std::make_unique<Partition>(spec);
}

}  // namespace

extern constinit const FaultKind partition_kind{
    .name = "partition",
    .summary = "drop, reset or refuse packets",
    .shape = &kShape,
    .parse = parse_partition,
};

}  // namespace blackstart
