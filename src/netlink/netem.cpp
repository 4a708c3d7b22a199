#include "netlink/netem.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace blackstart::netlink {
namespace {

constexpr std::uint32_t kCertain = std::numeric_limits<std::uint32_t>::max();

std::uint32_t share(double fraction) {
  return static_cast<std::uint32_t>(std::llround(std::clamp(fraction, 0.0, 1.0) * kCertain));
}

bool in_bursts(const Impairment& impairment) {
  return impairment.loss > 0.0 && impairment.loss < 1.0 && impairment.burst > 1.0;
}

// The kernel draws a loss in the state that a packet finds, and then the next state. `h` is the
// chance to pass in the bad state, `k1` that of a loss in the good one.
void put_bursts(MessageWriter& out, const Impairment& impairment) {
  const BurstModel model = burst_model(impairment.loss, impairment.burst);
  const auto loss = out.plain_nest(TCA_NETEM_LOSS);
  out.put(NETEM_LOSS_GE,
          tc_netem_gemodel{.p = share(model.to_bad), .r = share(model.to_good), .h = 0, .k1 = 0});
}

// In bytes a second; zero is no limit. Above 32 bits the first attribute says "all ones".
void put_rate(MessageWriter& out, const std::optional<Bandwidth>& rate) {
  const std::uint64_t bytes = rate ? std::max<std::uint64_t>(rate->bits_per_second / 8, 1) : 0;
  tc_netem_rate value{};
  value.rate = static_cast<std::uint32_t>(std::min<std::uint64_t>(bytes, kCertain));
  out.put(TCA_NETEM_RATE, value);
  if (bytes > kCertain) out.put(TCA_NETEM_RATE64, bytes);
}

}  // namespace

std::uint32_t netem_limit(const Impairment& impairment) {
  constexpr double kLeast = 1'000.0, kMost = 1'000'000.0, kPacketBits = 8.0 * 1'514.0;
  const double rate =
      impairment.rate ? static_cast<double>(impairment.rate->bits_per_second) : 10e9;
  const double longest = seconds_of(impairment.delay) + 4.0 * seconds_of(impairment.jitter);
  const double held = std::ceil(longest * rate / kPacketBits);
  return static_cast<std::uint32_t>(std::min(kLeast + held, kMost));
}

Bytes netem_message(std::uint32_t interface, const Impairment& impairment,
                    std::uint32_t limit_packets) {
  tcmsg info{};
  info.tcm_ifindex = static_cast<int>(interface);
  info.tcm_parent = TC_H_ROOT;
  MessageWriter out{RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, info};
  out.put(TCA_KIND, "netem");
  {
    const auto options = out.plain_nest(TCA_OPTIONS);
    tc_netem_qopt values{};
    values.limit = limit_packets;
    values.loss = in_bursts(impairment) ? 0 : share(impairment.loss);
    values.gap = impairment.reorder > 0.0 ? 1 : 0;
    values.duplicate = share(impairment.duplicate);
    out.put_fixed(values);
    out.put(TCA_NETEM_LATENCY64, std::int64_t{impairment.delay.count()});
    out.put(TCA_NETEM_JITTER64, std::int64_t{impairment.jitter.count()});
    if (impairment.jitter > Duration::zero()) {
      out.put(TCA_NETEM_DELAY_DIST, std::as_bytes(distribution_table(impairment.distribution)));
    }
    out.put(TCA_NETEM_REORDER, tc_netem_reorder{share(impairment.reorder), 0});
    out.put(TCA_NETEM_CORRUPT, tc_netem_corrupt{share(impairment.corrupt), 0});
    put_rate(out, impairment.rate);
    if (in_bursts(impairment)) put_bursts(out, impairment);
  }
  return out.take();
}

}  // namespace blackstart::netlink
