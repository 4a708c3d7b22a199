#include "fault/fidelity.h"

#include "fault/selector.h"

namespace blackstart {

Fidelity fidelity(const CompiledEntries& compiled, std::uint32_t entry, const Target& target) {
  const CompiledEntry* const row = compiled.find(entry);
  bool queue = false, device = false;
  for (const ShapedClass& shape : compiled.classes) {
    if (shape.has(entry)) (shape.device.empty() ? queue : device) = true;
  }
  Fidelity out;
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
