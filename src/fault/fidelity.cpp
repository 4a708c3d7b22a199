#include "fault/fidelity.h"

#include <algorithm>

#include "fault/selector.h"

namespace blackstart {

namespace {

std::vector<std::string> proxy_losses(const Target& target) {
  std::vector<std::string> lost{
      "connections that it took end with the run, and those made before it go on without it",
      "a handshake succeeds before the target is asked; one that fails shows as an end",
      "the target sees this process as its client, and so do faults that select by user or cgroup",
      "TCP only; where several proxies select a connection, the first in the timeline takes it"};
  if (of_local_senders(target)) {
    lost.emplace_back("connections of programs on this machine only, not what it forwards");
  } else {
    lost.emplace_back("what comes from elsewhere must get past this machine's firewall");
  }
  return lost;
}

}  // namespace

Fidelity fidelity(const CompiledEntries& compiled, std::uint32_t entry, const Target& target) {
  const CompiledEntry* const row = compiled.find(entry);
  bool queue = false, device = false;
  for (const ShapedClass& shape : compiled.classes) {
    if (shape.has(entry)) (shape.device.empty() ? queue : device) = true;
  }
  Fidelity out;
  if (std::ranges::find(compiled.proxied, entry, &ProxiedEntry::entry) != compiled.proxied.end()) {
    return {"proxy", proxy_losses(target)};
  }
  if (std::ranges::find(compiled.named, entry, &NamedEntry::entry) != compiled.named.end()) {
    return {"proxy",
            {"every connection of the proxy, whoever made it, and those that are established"}};
  }
  if (row != nullptr && row->dns) {
    out.engine = "resolver";
  } else if (queue) {
    out.engine = device ? "nfqueue and htb" : "nfqueue";
  } else if (device) {
    out.engine = compiled.engine == ShapeEngine::netem ? "netem" : "htb";
  } else {
    out.engine = "nftables";
  }
  if (queue) {
    out.lost.emplace_back(
        "packets are held where they come in, both ways' delay there: the round trip is as "
        "asked, and ping shows it with -U only");
  }
  if ((queue || device) && by_process(target)) {
    out.lost.emplace_back(
        "what comes in for a process is known too late to be held: both ways act on what it "
        "sends");
  }
  return out;
}

}  // namespace blackstart
