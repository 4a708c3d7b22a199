#pragma once

// When each fault was in force, and when any was: from the edges of a journal.

#include <cstdint>
#include <optional>
#include <set>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/report.h"
#include "blackstart/scenario.h"

namespace blackstart {

class FaultTally {
 public:
  explicit FaultTally(const Scenario& scenario);

  // What an edge changed about there being any fault at all.
  enum class Change { none, first_came, last_went };
  Change on_edge(const FaultEdge& edge);
  void on_proof(const Proof& proof);

  // The first acknowledgement of any fault, and that of the lift since which none is in force.
  std::optional<RunTime> first_on() const { return first_on_; }
  std::optional<RunTime> last_lift() const { return last_lift_; }

  // One row for each entry that is a fault, in the scenario's order. What is in force still is
  // shown until `now`. `shaper` is the engine of faults that shape traffic.
  std::vector<FaultReport> reports(const std::string& shaper, RunTime now) const;

  static constexpr std::size_t kSpansMax = 256;

 private:
  struct Row {
    std::uint32_t entry = 0;
    Needs needs = Needs::nothing;
    FaultReport report;
  };
  Row* row_of(std::uint32_t entry);

  std::vector<Row> rows_;
  std::set<std::uint32_t> in_force_;
  std::optional<RunTime> first_on_, last_lift_;
};

}  // namespace blackstart
