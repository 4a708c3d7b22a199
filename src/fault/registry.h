#pragma once

// Every kind of fault, one row each.

#include <span>

#include "blackstart/fault.h"

namespace blackstart {

std::span<const FaultKind* const> fault_kinds();

}  // namespace blackstart
