#include "fault/registry.h"

#include <array>

namespace blackstart {

// Each in the file that has its name.
extern const FaultKind dns_kind, network_kind, partition_kind, proxy_kind;

std::span<const FaultKind* const> fault_kinds() {
  static constexpr std::array<const FaultKind*, 4> kKinds{
      &dns_kind,
      &network_kind,
      &partition_kind,
      &proxy_kind,
  };
  return kKinds;
}

}  // namespace blackstart
