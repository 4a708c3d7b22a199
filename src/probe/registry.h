#pragma once

// Every kind of probe, one row each.

#include <span>

#include "blackstart/probe.h"

namespace blackstart {

std::span<const ProbeKind* const> probe_kinds();

}  // namespace blackstart
