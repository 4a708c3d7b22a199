#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <numbers>

#include "core/impairment.h"

namespace blackstart {
namespace {

constexpr std::size_t kSteps = 4'096;
constexpr double kScale = 8'192.0;  // NETEM_DIST_SCALE: one standard deviation
constexpr double kHighest = 32'767.0;

using Curve = std::array<double, kSteps>;
using Table = std::array<std::int16_t, kSteps>;

// The share of the distribution that lies below the middle of a step.
double share_below(std::size_t step) { return (static_cast<double>(step) + 0.5) / kSteps; }

// The inverse of the normal distribution's cumulative function for 0 < p <= 1/2: the rational
// approximation 26.2.23 of Abramowitz and Stegun (1964), off by less than 4.5e-4, and one step
// of Newton's method, which leaves less than 1e-6.
double normal_quantile(double p) {
  const double t = std::sqrt(-2.0 * std::log(p));
  const double x = (2.515517 + t * (0.802853 + t * 0.010328)) /
                       (1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308))) -
                   t;
  const double below = 0.5 * std::erfc(-x / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * x * x) * std::numbers::inv_sqrtpi / std::numbers::sqrt2;
  return x - (below - p) / density;
}

Curve normal_curve() {
  Curve curve;
  for (std::size_t i = 0; i < kSteps / 2; ++i) {
    curve[i] = normal_quantile(share_below(i));
    curve[kSteps - 1 - i] = -curve[i];
  }
  return curve;
}

// Pareto's distribution with the shape that iproute2 gives it (its netem/pareto.c): 3.
Curve pareto_curve() {
  Curve curve;
  for (std::size_t i = 0; i < kSteps; ++i) curve[i] = std::pow(1.0 - share_below(i), -1.0 / 3.0);
  return curve;
}

struct Moments {
  double mean = 0.0, deviation = 0.0;
};

Moments moments(const Curve& curve) {
  double sum = 0.0, squares = 0.0;
  for (const double value : curve) sum += value;
  const double mean = sum / kSteps;
  for (const double value : curve) squares += (value - mean) * (value - mean);
  return {.mean = mean, .deviation = std::sqrt(squares / kSteps)};
}

// Shifted, stretched and cut off at what a table can hold, so that what is left has mean 0 and
// standard deviation 1. A cut changes both, so they are found in rounds, each of which brings
// the error of a Pareto curve to a third.
Curve standardized(const Curve& curve) {
  Curve out = curve;
  double shift = 0.0, stretch = 1.0;
  for (int round = 0; round < 40; ++round) {
    const Moments now = moments(out);
    stretch /= now.deviation;
    shift = (shift - now.mean) / now.deviation;
    std::ranges::transform(curve, out.begin(), [&](double value) {
      return std::clamp(value * stretch + shift, -kHighest / kScale, kHighest / kScale);
    });
  }
  return out;
}

// A quarter normal and three quarters Pareto, as tc-netem(8) has it.
Curve paretonormal_curve() {
  const Curve normal = standardized(normal_curve()), pareto = standardized(pareto_curve());
  Curve curve;
  for (std::size_t i = 0; i < kSteps; ++i) curve[i] = 0.25 * normal[i] + 0.75 * pareto[i];
  return curve;
}

Curve uniform_curve() {
  Curve curve;
  for (std::size_t i = 0; i < kSteps; ++i) curve[i] = 2.0 * share_below(i) - 1.0;
  return curve;
}

Table table_of(const Curve& curve) {
  Table table;
  std::ranges::transform(curve, table.begin(), [](double value) {
    return static_cast<std::int16_t>(std::lround(value * kScale));
  });
  return table;
}

}  // namespace

std::span<const std::int16_t> distribution_table(Distribution distribution) {
  static const std::array<Table, kDistributionWords.size()> tables{
      table_of(standardized(normal_curve())),
      table_of(uniform_curve()),
      table_of(standardized(pareto_curve())),
      table_of(standardized(paretonormal_curve())),
  };
  return tables[static_cast<std::size_t>(distribution)];
}

Duration draw_delay(const Impairment& impairment, Rng& rng) {
  const auto table = distribution_table(impairment.distribution);
  const std::int16_t place = table[rng.next() % kSteps];
  const double deviation = static_cast<double>(impairment.jitter.count()) * place / kScale;
  return std::max(impairment.delay + Duration{std::llround(deviation)}, Duration::zero());
}

}  // namespace blackstart
