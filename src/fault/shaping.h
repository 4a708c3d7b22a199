#pragma once

// Which packets meet which `network` faults, and on which device of ours.
//
// Two engines: devices of ours, and a thread of ours that is handed packets by queues
// (packet_shaper.h). Here for devices; queues are the same with numbers for names.
//
// A device impairs one way. A packet comes back from it behind the hook at which it left, so it
// cannot visit two; where it is selected by several faults at once, it needs a device that has
// all their values. So there is one device for each combination that can occur: for every set of
// entries that are in force at the same time and whose targets can select the same packet. The
// rules that find the combination are a tree of chains without any state: the chain of a
// combination asks for each later entry, and ends at its device.
//
//   root   @armed_1 matches 1 goto to_bs3      bs3: entry 1
//          @armed_2 matches 2 goto to_bs5
//   to_bs3 @armed_2 matches 2 goto to_bs4      bs4: entries 1 and 2
//          fwd to bs3
//   to_bs4 fwd to bs4
//   to_bs5 fwd to bs5                          bs5: entry 2

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "blackstart/scenario.h"
#include "core/impairment.h"
#include "fault/selector.h"
#include "netlink/expressions.h"
#include "netlink/ruleset.h"

namespace blackstart {

// Seen from this namespace.
enum class TrafficDirection : std::uint8_t { both, out, in };

// A `network` fault: its values when it begins and when it ends, equal where nothing ramps.
struct NetworkSpec {
  Impairment from, to;
  TrafficDirection direction = TrafficDirection::both;

  bool ramps() const { return !(from == to); }

  // Loss of single packets that stays what it is: rules can do it, at random, without a device.
  // Zero where the fault has none of that kind.
  double loss_by_rule() const;
  // The rest, for a device; nothing() in both where there is none.
  NetworkSpec for_device() const;
  bool needs_device() const;

  // The rate alone, and all but the rate.
  NetworkSpec only_rate() const;
  NetworkSpec but_rate() const;
};

// Whether a packet can be selected by both. True when in doubt.
bool may_meet(const Target& one, const Target& other);

// One entry as the tree asks for it.
struct ShapedEntry {
  std::uint32_t entry = 0;
  const Target* target = nullptr;
  NetworkSpec spec{};               // that way, for the device
  Duration begin{}, end{};          // when it can be in force, in time of the timeline
  std::vector<Matches> selections;  // its matches that way, its `armed` set first
};

// A combination of entries and its device or its queue.
struct ShapedClass {
  std::vector<std::uint32_t> entries;  // rising
  std::vector<NetworkSpec> specs;      // of each
  TrafficDirection way = TrafficDirection::out;
  std::string device;       // empty: a queue
  std::uint16_t queue = 0;  // its number

  bool has(std::uint32_t entry) const;

  // What the device does when each entry has come as far as `progress` (0…1) says; entries that
  // it does not name stand at their beginning.
  Impairment impairment(const std::map<std::uint32_t, double>& progress) const;
};

struct ShapedTree {
  std::vector<netlink::Rule> root;
  std::vector<netlink::Chain> chains;
  std::vector<ShapedClass> classes;
};

// Where the packets of a tree's classes go: to devices "bs3" and upwards, or to queues.
struct ShapedLeaves {
  unsigned first = 0;                             // number of the first device or queue
  std::optional<netlink::QueueTo::Via> queues{};  // how; nullopt: devices
};

// Throws std::runtime_error where it would take more than limits::shaped_classes_max of them.
ShapedTree shape_tree(std::span<const ShapedEntry> entries, TrafficDirection way,
                      const ShapedLeaves& leaves);

}  // namespace blackstart
