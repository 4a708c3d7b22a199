#pragma once

// A scenario as the list of what would happen, in words: for `plan`, the live view and the
// journal. Pure; nothing here knows a machine.

#include <cstddef>
#include <string>
#include <vector>

#include "blackstart/fault.h"
#include "blackstart/scenario.h"
#include "blackstart/time.h"

namespace blackstart {

struct PlanStep {
  Duration incident{};                 // scenario time
  Duration real{};                     // from the timeline's zero, at the scenario's speed
  std::vector<std::uint32_t> off, on;  // entries; a pulsing one is named once, as it begins
  std::vector<std::string> lines;      // lifts, then starts, then notes
};

struct Plan {
  std::vector<PlanStep> steps;
  Needs needs = Needs::nothing;  // of all faults together
  Duration incident_length{};    // of the timeline, in scenario time
  Duration real_length{};
  // The whole run in real time: baseline, timeline, and then at least `hold` and at most `limit`.
  Duration shortest{}, longest{};
};

Plan make_plan(const Scenario& scenario);

// "answer NODATA to dynamodb, for 2h37m": one entry in one line, without its times of day.
std::string entry_in_words(const Scenario& scenario, std::size_t entry);

}  // namespace blackstart
