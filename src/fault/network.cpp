// Everything blackstart knows about the `network` kind: delay, loss and their relatives.

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "blackstart/limits.h"
#include "blackstart/scenario.h"
#include "core/shapes.h"
#include "fault/compiler.h"

namespace blackstart {
namespace {

using Kind = Shape::Kind;

constexpr std::array<std::string_view, 3> kDirections{"both", "out", "in"};

constexpr Shape kDistribution{.kind = Kind::word,
                              .doc = "normal, uniform, pareto or paretonormal",
                              .words = kDistributionWords};
constexpr Shape kDirection{.kind = Kind::word, .doc = "both, out or in", .words = kDirections};
constexpr Shape kBurst{
    .kind = Kind::number, .doc = "a mean length in packets, of 1 or more", .least = 1, .most = 1e6};

// A value, or one that moves from the first to the second while the entry lasts.
template <const Shape& Value>
struct Ramp {
  static constexpr Key keys[] = {
      {"from", &Value, "the value when the entry begins", true},
      {"to", &Value, "the value when it ends", true},
  };
  static constexpr Shape shape{.kind = Kind::object, .doc = "a ramp: {from, to}", .keys = keys};
  static constexpr std::array<const Shape*, 2> forms{&Value, &shape};
  static constexpr Shape value{.kind = Kind::either, .doc = Value.doc, .options = forms};
};

constexpr Key kKeys[] = {
    {"delay", &Ramp<shapes::kDuration>::value, "added to every packet; or a ramp {from, to}"},
    {"jitter", &Ramp<shapes::kDuration>::value, "spread of the delay; or a ramp {from, to}"},
    {"distribution", &kDistribution, "of the delay within the jitter. Default normal"},
    {"loss", &Ramp<shapes::kShare>::value, "share of packets lost; or a ramp {from, to}"},
    {"burst", &Ramp<kBurst>::value, "mean length of a loss burst in packets; or a ramp {from, to}"},
    {"duplicate", &Ramp<shapes::kShare>::value, "share of packets sent twice; or a ramp"},
    {"reorder", &Ramp<shapes::kShare>::value, "share of packets sent ahead of others; or a ramp"},
    {"corrupt", &Ramp<shapes::kShare>::value, "share of packets with a flipped bit; or a ramp"},
    {"rate", &Ramp<shapes::kRate>::value, "the most that passes, such as 50mbit; or a ramp"},
    {"direction", &kDirection,
     "packets to the target (out), from it (in) or both, each way on its own. Default both"},
};
constexpr Shape kShape{.kind = Kind::object, .doc = "a network impairment", .keys = kKeys};

struct ImpairmentKey {
  std::string_view key;
  std::string_view in_words;
};
constexpr std::array kImpairments{
    ImpairmentKey{"delay", "delay"},         ImpairmentKey{"loss", "lose"},
    ImpairmentKey{"duplicate", "duplicate"}, ImpairmentKey{"reorder", "reorder"},
    ImpairmentKey{"corrupt", "corrupt"},     ImpairmentKey{"rate", "limit to"},
};

// "5%", "100ms to 800ms".
std::string value_in_words(const ParamReader& in, std::string_view key) {
  if (const auto text = in.text(key)) return *text;
  const ParamReader ramp = in.inner(key);
  return ramp.text("from").value_or("?") + " to " + ramp.text("to").value_or("?");
}

std::string words_of(const ParamReader& in) {
  std::string words;
  for (const ImpairmentKey& impairment : kImpairments) {
    if (!in.has(impairment.key)) continue;
    if (!words.empty()) words += ", ";
    words += std::string{impairment.in_words} + ' ' + value_in_words(in, impairment.key);
    if (impairment.key == "delay" && in.has("jitter")) {
      words += " ±" + value_in_words(in, "jitter");
    }
    if (impairment.key == "loss" && in.has("burst")) {
      words += " in bursts of " + value_in_words(in, "burst");
    }
  }
  const std::string direction = in.text("direction").value_or("both");
  return words + ", " + (direction == "both" ? "both ways" : direction + "bound");
}

// Keys that mean nothing without another.
struct Companion {
  std::string_view key, needs, why;
};
constexpr std::array kCompanions{
    Companion{"jitter", "delay", "`jitter` spreads a `delay`, and there is none"},
    Companion{"distribution", "jitter", "`distribution` shapes the `jitter`, and there is none"},
    Companion{"burst", "loss", "`burst` groups the `loss`, and there is none"},
    Companion{"reorder", "delay",
              "`reorder` lets packets overtake those that a `delay` holds, and there is none"},
};

// The larger end of a ramp.
std::optional<Duration> most(const ParamReader& in, std::string_view key) {
  if (const auto value = in.duration(key)) return value;
  const ParamReader ramp = in.inner(key);
  const auto from = ramp.duration("from");
  const auto to = ramp.duration("to");
  return from && to ? std::optional{std::max(*from, *to)} : std::nullopt;
}

void check_values(const ParamReader& in) {
  const bool any = std::ranges::any_of(
      kImpairments, [&](const ImpairmentKey& impairment) { return in.has(impairment.key); });
  if (!any) {
    in.error(
        "delay",
        "this impairs nothing; it needs one of delay, loss, duplicate, reorder, corrupt, rate");
  }
  for (const Companion& companion : kCompanions) {
    if (in.has(companion.key) && !in.has(companion.needs)) {
      in.error(companion.key, std::string{companion.why});
    }
  }
  const auto delay = most(in, "delay");
  const auto jitter = most(in, "jitter");
  if (delay && jitter && *jitter > *delay) {
    in.error("jitter", "a jitter of " + duration_text(*jitter) + " around a delay of " +
                           duration_text(*delay) + " would send packets before they came");
  }
  if (const auto rate = in.rate("rate"); rate && rate->bits_per_second == 0) {
    in.error("rate", "a rate of zero lets nothing pass", "use `partition: {how: drop}`");
  }
}

// The value of a key at one end of its ramp; the same at both where it does not ramp.
enum class End : std::uint8_t { from, to };

template <class Value>
Value at(const ParamReader& in, std::string_view key, End end, Value absent,
         std::optional<Value> (ParamReader::*read)(std::string_view) const) {
  if (const auto value = (in.*read)(key)) return *value;
  const ParamReader ramp = in.inner(key);
  return (ramp.*read)(end == End::from ? "from" : "to").value_or(absent);
}

Impairment impairment_of(const ParamReader& in, End end) {
  const auto share = [&](std::string_view key) {
    return at(in, key, end, Probability{}, &ParamReader::share).fraction();
  };
  Impairment out{.delay = at(in, "delay", end, Duration{}, &ParamReader::duration),
                 .jitter = at(in, "jitter", end, Duration{}, &ParamReader::duration),
                 .loss = share("loss"),
                 .burst = at(in, "burst", end, 1.0, &ParamReader::number),
                 .duplicate = share("duplicate"),
                 .reorder = share("reorder"),
                 .corrupt = share("corrupt"),
                 .rate = std::nullopt};
  if (const auto word = in.text("distribution")) {
    const auto found = std::ranges::find(kDistributionWords, *word);
    if (found != kDistributionWords.end()) {
      out.distribution =
          Distribution{static_cast<std::uint8_t>(found - kDistributionWords.begin())};
    }
  }
  if (in.has("rate")) out.rate = at(in, "rate", end, Bandwidth{}, &ParamReader::rate);
  return out;
}

TrafficDirection direction_of(const ParamReader& in) {
  const auto found = std::ranges::find(kDirections, in.text("direction").value_or("both"));
  if (found == kDirections.end()) return TrafficDirection::both;
  return TrafficDirection{static_cast<std::uint8_t>(found - kDirections.begin())};
}

class Network final : public Fault {
 public:
  Network(const NetworkSpec& spec, std::string words) : spec_{spec}, words_{std::move(words)} {}

  Needs needs(const Target& target) const override {
    Needs needs = Needs::owned_tables;
    if (spec_.direction != TrafficDirection::in) {
      needs |= Needs::egress_hook;
      if (spec_.loss_by_rule() > 0.0) needs |= Needs::blackhole;
    }
    if (spec_.but_rate().needs_device()) needs |= Needs::shaper;
    if (spec_.to.rate) needs |= Needs::rate_limit;
    if (!target.cgroup.empty()) needs |= Needs::cgroup_match;
    if (!target.names.empty()) needs |= Needs::redirect;
    return needs;
  }

  std::string in_words() const override { return words_; }

  std::vector<std::string> objections(const Target& target) const override {
    std::vector<std::string> out;
    if (!target.proxy.empty()) out.emplace_back(kOnlyToxics);
    if (target.protocol == Protocol::icmp && !target.port.empty()) {
      out.emplace_back("ICMP has no ports; leave `port` or `protocol: icmp` out");
    }
    if (by_process(target) && spec_.needs_device() && spec_.direction != TrafficDirection::out) {
      if (spec_.direction == TrafficDirection::in) {
        out.emplace_back(
            "what comes in for a process is known only when it is delivered, too late for "
            "anything but loss; leave `direction: in` out, or select by address or port");
      } else if (spec_.from.rate) {
        out.emplace_back(
            "what comes in for a process cannot be held to a `rate`; add `direction: out`, or "
            "select by address or port");
      }
    }
    return out;
  }

  void compile(FaultCompiler& into) const override { into.add_network(spec_); }

 private:
  NetworkSpec spec_;
  std::string words_;
};

std::unique_ptr<const Fault> parse_network(const ParamReader& in) {
  check_values(in);
  const NetworkSpec spec{.from = impairment_of(in, End::from),
                         .to = impairment_of(in, End::to),
                         .direction = direction_of(in)};
  return std::make_unique<Network>(spec, words_of(in));
}

}  // namespace

extern constinit const FaultKind network_kind{
    .name = "network",
    .summary = "delay, lose, repeat, reorder, corrupt or slow down packets",
    .shape = &kShape,
    .parse = parse_network,
};

}  // namespace blackstart
