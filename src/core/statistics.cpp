#include "core/statistics.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

constexpr std::size_t kResamples = 1'000;
constexpr double kTail = 0.025;
constexpr std::size_t kExactMost = 50;

// ways[u]: in how many of the C(m + n, m) orders of m and n values exactly u pairs have the first
// set's above. The k-th lowest value of the first set, at rank r of all, is above r − k of the
// second's.
std::vector<double> orders_by_u(std::size_t m, std::size_t n) {
  std::vector<std::vector<double>> ways(m + 1, std::vector<double>(m * n + 1, 0.0));
  ways[0][0] = 1.0;
  for (std::size_t rank = 1; rank <= m + n; ++rank) {
    for (std::size_t k = std::min(m, rank); k > 0 && rank - k <= n; --k) {
      for (std::size_t u = rank - k; u <= m * n; ++u) ways[k][u] += ways[k - 1][u - (rank - k)];
    }
  }
  return ways[m];
}

double exact_p(double u, std::size_t m, std::size_t n) {
  const std::vector<double> ways = orders_by_u(m, n);
  const double least = std::min(u, static_cast<double>(m * n) - u);  // the two tails are alike
  double all = 0.0, tail = 0.0;
  for (std::size_t i = 0; i < ways.size(); ++i) {
    all += ways[i];
    if (static_cast<double>(i) <= least) tail += ways[i];
  }
  return std::min(1.0, 2.0 * tail / all);
}

// Σ (t³ − t) over the groups of t equal values.
double tie_term(std::vector<double> values) {
  std::ranges::sort(values);
  double sum = 0.0;
  for (auto from = values.begin(); from != values.end();) {
    const auto to = std::upper_bound(from, values.end(), *from);
    const auto t = static_cast<double>(to - from);
    sum += t * t * t - t;
    from = to;
  }
  return sum;
}

double normal_p(double u, double m, double n, double ties) {
  const double all = m + n;
  const double variance = m * n / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
  if (variance <= 0.0) return 1.0;  // all are equal
  const double off = std::max(std::fabs(u - m * n / 2.0) - 0.5, 0.0);
  return std::min(1.0, std::erfc(off / std::sqrt(variance) / std::numbers::sqrt2));
}

// Of as many values drawn with replacement; `times` is where it counts how often each was.
double resampled_median(const std::vector<double>& sorted, std::vector<std::size_t>& times,
                        Rng& rng) {
  const std::size_t size = sorted.size();
  std::ranges::fill(times, 0);
  for (std::size_t i = 0; i < size; ++i) {
    ++times[static_cast<std::size_t>(rng.fraction() * static_cast<double>(size))];
  }
  std::size_t index = 0, passed = times[0];
  const auto at = [&](std::size_t rank) {
    while (passed <= rank) passed += times[++index];
    return sorted[index];
  };
  const double lower = at((size - 1) / 2);
  return (lower + at(size / 2)) / 2.0;
}

}  // namespace

double median_of(std::vector<double> values) {
  BS_ASSERT(!values.empty());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  if (values.size() % 2 == 1) return *middle;
  return (*std::max_element(values.begin(), middle) + *middle) / 2.0;
}

Interval bootstrap_of_median(const std::vector<double>& values, Rng rng) {
  BS_ASSERT(!values.empty());
  std::vector<double> sorted = values, medians(kResamples);
  std::ranges::sort(sorted);
  std::vector<std::size_t> times(sorted.size());
  for (double& median : medians) median = resampled_median(sorted, times, rng);
  std::ranges::sort(medians);
  constexpr auto kLow = static_cast<std::size_t>(kTail * kResamples);
  return {medians[kLow], medians[kResamples - 1 - kLow]};
}

MannWhitney mann_whitney(std::span<const double> a, std::span<const double> b) {
  BS_ASSERT(!a.empty() && !b.empty());
  MannWhitney result;
  for (const double one : a) {
    for (const double other : b) result.u += one > other ? 1.0 : one == other ? 0.5 : 0.0;
  }
  std::vector<double> all{a.begin(), a.end()};
  all.insert(all.end(), b.begin(), b.end());
  const double ties = tie_term(std::move(all));
  result.exact = ties == 0.0 && std::max(a.size(), b.size()) <= kExactMost;
  result.p = result.exact ? exact_p(result.u, a.size(), b.size())
                          : normal_p(result.u, static_cast<double>(a.size()),
                                     static_cast<double>(b.size()), ties);
  return result;
}

double least_p(std::size_t m, std::size_t n) {
  double orders = 1.0;
  for (std::size_t i = 1; i <= m; ++i) {
    orders *= static_cast<double>(n + i) / static_cast<double>(i);
  }
  return std::min(1.0, 2.0 / orders);
}

}  // namespace blackstart
