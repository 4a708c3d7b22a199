#include "probe/registry.h"

#include <array>

namespace blackstart {

extern const ProbeKind http_probe, dns_probe, tcp_probe, exec_probe;

namespace {

constexpr std::array kProbeKinds{
    &http_probe,
    &dns_probe,
    &tcp_probe,
    &exec_probe,
};

}  // namespace

std::span<const ProbeKind* const> probe_kinds() { return kProbeKinds; }

}  // namespace blackstart
