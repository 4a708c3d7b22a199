#pragma once

// One network namespace of a run, and the faults that act in it.

#include <cstdint>
#include <memory>
#include <vector>

#include "core/timeline.h"
#include "fault/enforcer.h"
#include "run/place.h"
#include "run/runner.h"

namespace blackstart {

struct Front {
  Place place;
  std::vector<std::uint32_t> entries;  // of the timeline
  std::unique_ptr<Enforcer> enforcer;
  std::vector<std::uint32_t> may_lock_out;  // of the entries: the one who started the run

  bool has_entry(std::uint32_t entry) const;
};

// A front for each place that a target of the timeline names, its own `where` before the
// scenario's; and one for a sandbox, which needs its resolver without dns faults too. Opens and
// compiles, and prepares nothing yet. `io` and `clock` must outlive them.
//
// Throws what open_place() and compile_entries() throw.
std::vector<Front> open_fronts(boost::asio::io_context& io, const Clock& clock,
                               const RunSetup& setup, const Timeline& timeline);

}  // namespace blackstart
