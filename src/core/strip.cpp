#include "core/strip.h"

#include <algorithm>

#include "blackstart/limits.h"

namespace blackstart {

StripBuilder::StripBuilder(Duration every, std::size_t bins_max) : bins_max_{bins_max} {
  BS_ASSERT(bins_max >= 2 && bins_max % 2 == 0);
  strip_.width = std::max(every, Duration{limits::probe_interval_min});
}

void StripBuilder::add(const ProbeSample& sample) {
  const Duration at = std::max(sample.due - strip_.from, Duration::zero());
  while (at / strip_.width >= static_cast<std::int64_t>(bins_max_)) halve();
  const auto index = static_cast<std::size_t>(at / strip_.width);
  if (index >= strip_.bins.size()) strip_.bins.resize(index + 1);
  StripBin& bin = strip_.bins[index];
  switch (sample.result.outcome) {
    case Outcome::ok: {
      const Duration latency = std::max(sample.done - sample.due, Duration::zero());
      ++bin.ok;
      bin.latency_sum += latency;
      bin.latency_most = std::max(bin.latency_most, latency);
      break;
    }
    case Outcome::failed:
      ++bin.failed;
      break;
    case Outcome::wrong:
      ++bin.wrong;
      break;
  }
}

void StripBuilder::halve() {
  std::vector<StripBin> wider((strip_.bins.size() + 1) / 2);
  for (std::size_t i = 0; i < strip_.bins.size(); ++i) {
    const StripBin& from = strip_.bins[i];
    StripBin& into = wider[i / 2];
    into.ok += from.ok;
    into.failed += from.failed;
    into.wrong += from.wrong;
    into.latency_sum += from.latency_sum;
    into.latency_most = std::max(into.latency_most, from.latency_most);
  }
  strip_.bins = std::move(wider);
  strip_.width *= 2;
}

}  // namespace blackstart
