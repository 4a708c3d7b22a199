#include "fault/shaping_queues.h"

#include <stdexcept>
#include <utility>

namespace blackstart {

ShapingQueues::ShapingQueues(std::vector<ShapedClass> classes, std::uint32_t copies_mark,
                             RunSeed seed)
    : classes_{std::move(classes)}, seed_{seed}, shaper_{copies_mark} {
  for (const ShapedClass& one : classes_) set(one, one.impairment({}));
}

void ShapingQueues::set(const ShapedClass& one, const Impairment& impairment) {
  std::string name = "queue of";
  for (const std::uint32_t entry : one.entries) name += ' ' + std::to_string(entry);
  shaper_.set_class(one.queue, impairment, rng_for(seed_, name).next());
  now_[one.queue] = impairment;
}

void ShapingQueues::set_progress(const Progress& progress) {
  if (const std::string failure = shaper_.failure(); !failure.empty()) {
    throw std::runtime_error{"packets are not impaired any more: " + failure};
  }
  for (const ShapedClass& one : classes_) {
    const Impairment wanted = one.impairment(progress);
    if (!(wanted == now_[one.queue])) set(one, wanted);
  }
}

void ShapingQueues::add_to(Proof& proof) const {
  const auto figures = shaper_.figures();
  for (const ShapedClass& one : classes_) {
    const auto found = figures.find(one.queue);
    if (found == figures.end() || !one.has(proof.entry)) continue;
    proof.dropped += found->second.lost + found->second.overflowed;
    const auto held = found->second.packets - found->second.lost - found->second.overflowed;
    proof.shaped += held;
    proof.timed += held;
    proof.delay_asked += found->second.asked;
    proof.delay_added += found->second.added;
  }
}

}  // namespace blackstart
