#pragma once

// What a faulty network does to packets that pass one way: the values of a `network` fault, how
// they move while it lasts, and what becomes of a packet that several faults select.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "blackstart/random.h"
#include "blackstart/time.h"
#include "blackstart/units.h"

namespace blackstart {

// How delays spread around their mean, as in tc-netem(8): `uniform` within ± jitter; the others
// have the jitter as standard deviation.
enum class Distribution : std::uint8_t { normal, uniform, pareto, paretonormal };
inline constexpr std::array<std::string_view, 4> kDistributionWords{"normal", "uniform", "pareto",
                                                                    "paretonormal"};

struct Impairment {
  Duration delay{}, jitter{};
  Distribution distribution = Distribution::normal;
  double loss = 0.0;       // share of packets, 0…1
  double burst = 1.0;      // mean length of a run of losses, in packets; 1: each on its own
  double duplicate = 0.0;  // shares
  double reorder = 0.0;    // sent at once, ahead of those that the delay holds
  double corrupt = 0.0;    // with one flipped bit
  std::optional<Bandwidth> rate{};

  bool operator==(const Impairment&) const = default;

  bool nothing() const { return *this == Impairment{}; }
};

// A packet that both select. Delays add; jitters are independent deviations, so their squares
// add (and the wider one's distribution is kept); losses and the other shares are independent
// events; the longer bursts are kept; the lowest rate wins.
Impairment combine(const Impairment& one, const Impairment& other);

// Between two impairments, each value on a straight line: the first at `progress` 0, the second
// at 1. A rate that only one has does not move.
Impairment between(const Impairment& from, const Impairment& to, double progress);

// "delay 100ms ±20ms pareto, loss 5% in bursts of 8, rate 50mbit"; empty for nothing.
std::string to_text(const Impairment& impairment);

// The two-state model of Gilbert (1960) for bursts of loss: in the good state every packet
// passes, in the bad one none does. `to_bad` and `to_good` are the chances of a change after a
// packet. Its mean loss is loss, and its mean run of losses is burst or, where that is longer,
// loss / (1 - loss): the shortest that leave room for so many.
struct BurstModel {
  double to_bad = 0.0, to_good = 1.0;
};
BurstModel burst_model(double loss, double burst);

// The inverse of a distribution's cumulative function in 4,096 even steps, rising, in units of
// 1/8192 of the jitter and within four of it: the form in which netem wants it. Mean zero and,
// but for `uniform`, standard deviation one: closer than the tables that iproute2 ships, whose
// shapes these are (tc-netem(8)). `uniform` is a straight line between ± 1, since a netem in
// use can change its table but not go back to none. Built at the first call; kept.
std::span<const std::int16_t> distribution_table(Distribution distribution);

// How long one packet waits: its place in the table drawn from `rng`, then what netem computes
// from it, delay + jitter · t / 8192 to the nanosecond (Linux 6.1, tabledist()). Never negative.
Duration draw_delay(const Impairment& impairment, Rng& rng);

}  // namespace blackstart
