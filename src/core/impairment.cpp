#include "core/impairment.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "blackstart/params.h"

namespace blackstart {
namespace {

double either(double one, double other) { return 1.0 - (1.0 - one) * (1.0 - other); }

Duration together(Duration one, Duration other) {
  return Duration{std::llround(
      std::hypot(static_cast<double>(one.count()), static_cast<double>(other.count())))};
}

std::optional<Bandwidth> lowest(const std::optional<Bandwidth>& one,
                                const std::optional<Bandwidth>& other) {
  if (!one || !other) return one ? one : other;
  return Bandwidth{std::min(one->bits_per_second, other->bits_per_second)};
}

double line(double from, double to, double progress) { return from + (to - from) * progress; }

Duration line(Duration from, Duration to, double progress) {
  return Duration{std::llround(
      line(static_cast<double>(from.count()), static_cast<double>(to.count()), progress))};
}

}  // namespace

Impairment combine(const Impairment& one, const Impairment& other) {
  const Impairment& wider = one.jitter >= other.jitter ? one : other;
  return {.delay = one.delay + other.delay,
          .jitter = together(one.jitter, other.jitter),
          .distribution = wider.distribution,
          .loss = either(one.loss, other.loss),
          .burst = std::max(one.burst, other.burst),
          .duplicate = either(one.duplicate, other.duplicate),
          .reorder = either(one.reorder, other.reorder),
          .corrupt = either(one.corrupt, other.corrupt),
          .rate = lowest(one.rate, other.rate)};
}

Impairment between(const Impairment& from, const Impairment& to, double progress) {
  Impairment out{.delay = line(from.delay, to.delay, progress),
                 .jitter = line(from.jitter, to.jitter, progress),
                 .distribution = from.distribution,
                 .loss = line(from.loss, to.loss, progress),
                 .burst = line(from.burst, to.burst, progress),
                 .duplicate = line(from.duplicate, to.duplicate, progress),
                 .reorder = line(from.reorder, to.reorder, progress),
                 .corrupt = line(from.corrupt, to.corrupt, progress),
                 .rate = from.rate ? from.rate : to.rate};
  if (from.rate && to.rate) {
    out.rate->bits_per_second = static_cast<std::uint64_t>(
        std::llround(line(static_cast<double>(from.rate->bits_per_second),
                          static_cast<double>(to.rate->bits_per_second), progress)));
  }
  return out;
}

std::string to_text(const Impairment& impairment) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  const auto number = [](double value) {
    std::array<char, 32> digits{};
    std::snprintf(digits.data(), digits.size(), "%g", value);
    return std::string{digits.data()};
  };
  const auto share = [&](const char* what, double value) {
    if (value > 0.0) add(what + number(value * 100) + '%');
  };
  if (impairment.delay > Duration{}) {
    std::string delay = "delay " + duration_text(impairment.delay);
    if (impairment.jitter > Duration{}) {
      delay += " ±" + duration_text(impairment.jitter) + ' ' +
               std::string{kDistributionWords[static_cast<std::size_t>(impairment.distribution)]};
    }
    add(delay);
  }
  share("loss ", impairment.loss);
  if (impairment.loss > 0.0 && impairment.burst > 1.0) {
    text += " in bursts of " + number(impairment.burst);
  }
  share("duplicate ", impairment.duplicate);
  share("reorder ", impairment.reorder);
  share("corrupt ", impairment.corrupt);
  if (impairment.rate) {
    add("rate " + number(static_cast<double>(impairment.rate->bits_per_second) / 1e6) + "mbit");
  }
  return text;
}

// In equilibrium the share in the bad state is to_bad / (to_bad + to_good), and a stay there
// lasts 1 / to_good packets.
BurstModel burst_model(double loss, double burst) {
  if (loss <= 0.0) return {.to_bad = 0.0, .to_good = 1.0};
  if (loss >= 1.0) return {.to_bad = 1.0, .to_good = 0.0};
  // Runs of losses are loss / (1 - loss) long at least, with one packet between them.
  const double to_good = std::min(1.0 / std::max(burst, 1.0), (1.0 - loss) / loss);
  return {.to_bad = std::min(1.0, to_good * loss / (1.0 - loss)), .to_good = to_good};
}

}  // namespace blackstart
