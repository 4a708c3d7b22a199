#include "core/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr int kSubBits = 6;  // 64 buckets a power of two
constexpr std::uint64_t kSubBuckets = 1 << kSubBits;
constexpr std::uint64_t kUnit = 1'000;  // nanoseconds in the narrowest bucket
constexpr std::uint64_t kHighest = (std::uint64_t{1} << 32) - 1;

// Values below 2^7 have a bucket each; above, the leading bit and the six after it pick one.
std::size_t bucket_of(std::uint64_t micros) {
  micros = std::min(micros, kHighest);
  if (micros < 2 * kSubBuckets) return micros;
  const auto shift = static_cast<unsigned>(std::bit_width(micros)) - kSubBits - 1;
  return shift * kSubBuckets + (micros >> shift);
}

Duration middle_of(std::size_t bucket) {
  const std::uint64_t shift = bucket < 2 * kSubBuckets ? 0 : bucket / kSubBuckets - 1;
  const std::uint64_t least = (bucket - shift * kSubBuckets) << shift;
  const std::uint64_t width = std::uint64_t{1} << shift;
  return Duration{static_cast<std::int64_t>(least * kUnit + width * kUnit / 2)};
}

}  // namespace

void Histogram::add(Duration value) {
  const Duration clamped = std::max(value, Duration::zero());
  const std::size_t bucket = bucket_of(static_cast<std::uint64_t>(clamped.count()) / kUnit);
  if (bucket >= counts_.size()) counts_.resize(bucket + 1);
  ++counts_[bucket];
  ++count_;
  most_ = std::max(most_, clamped);
}

void Histogram::merge(const Histogram& other) {
  if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
  for (std::size_t i = 0; i < other.counts_.size(); ++i) counts_[i] += other.counts_[i];
  count_ += other.count_;
  most_ = std::max(most_, other.most_);
}

void Histogram::clear() { *this = Histogram{}; }

Duration Histogram::percentile(double share) const {
  if (count_ == 0) return {};
  const double exact = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(exact), 1, count_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= rank) return std::min(middle_of(bucket), most_);
  }
  return most_;
}

LatencySummary Histogram::summary() const {
  return {count_, percentile(0.50), percentile(0.95), percentile(0.99), most_};
}

}  // namespace blackstart
