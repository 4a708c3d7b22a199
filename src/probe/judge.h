#pragma once

// How the two judges of a probe, `expect` and `truth`, make one result.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "blackstart/limits.h"
#include "blackstart/probe.h"

namespace blackstart {

// What a judge found amiss.
struct Miss {
  std::string reason;    // "status 503, expected 200"
  std::string evidence;  // what it looked at
};

// `expect` missed: failed. It held and `truth` missed: wrong, with the evidence. Else ok.
// `truth` is only asked where `expect` has nothing to say.
CheckResult judge(const std::optional<Miss>& expect,
                  const std::function<std::optional<Miss>()>& truth, const CheckPhases& phases);

// The text, or its first bytes and "…", cut between characters of UTF-8.
std::string bounded(std::string_view text, std::size_t bytes_max);

// "took 512ms, expected within 300ms"; nullopt where it was in time or nothing was asked.
std::optional<Miss> late(std::optional<Duration> within, Duration took);

}  // namespace blackstart
