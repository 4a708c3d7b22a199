#include "netlink/qdisc.h"

#include <linux/gen_stats.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <limits>

#include "blackstart/limits.h"
#include "netlink/netem.h"

namespace blackstart::netlink {
namespace {

constexpr std::uint16_t kMake = NLM_F_CREATE | NLM_F_REPLACE;
constexpr std::uint32_t kHtb = 1 << 16;        // the handle 1:
constexpr std::uint32_t kHtbClass = kHtb | 1;  // 1:1

tcmsg at(std::uint32_t interface, std::uint32_t parent, std::uint32_t handle = 0) {
  tcmsg info{};
  info.tcm_family = AF_UNSPEC;
  info.tcm_ifindex = static_cast<int>(interface);
  info.tcm_parent = parent;
  info.tcm_handle = handle;
  return info;
}

struct Root {
  std::string kind;
  QdiscCounts counts;
};

QdiscCounts counts_in(const Attributes& stats) {
  QdiscCounts out;
  // The kernel writes the structure without the padding at its end.
  const auto bytes = stats.get<std::uint64_t>(TCA_STATS_BASIC);
  const auto basic = stats.find(TCA_STATS_BASIC);
  if (bytes) out.bytes = *bytes;
  if (const auto packets = stats.get<std::uint64_t>(TCA_STATS_PKT64)) {
    out.packets = *packets;  // where 32 bits do not suffice
  } else if (basic && basic->size() >= 12) {
    std::uint32_t packets32 = 0;
    std::memcpy(&packets32, basic->data() + 8, sizeof packets32);
    out.packets = packets32;
  }
  if (const auto queue = stats.get<gnet_stats_queue>(TCA_STATS_QUEUE)) {
    out.dropped = queue->drops;
    out.overlimits = queue->overlimits;
    out.backlog_bytes = queue->backlog;
    out.queued = queue->qlen;
  }
  return out;
}

std::optional<Root> root_of(RouteSocket& route, std::string_view device) {
  const std::uint32_t index = route.socket().interface_index(device);
  // Older kernels list those of all devices, whichever was asked for.
  const Bytes answers = route.socket().dump(
      MessageWriter{RTM_GETQDISC, 0, at(index, TC_H_ROOT)}.take(), "list queueing disciplines");
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    const auto info = message->fixed<tcmsg>();
    if (message->header.nlmsg_type != RTM_NEWQDISC || !info) continue;
    if (info->tcm_ifindex != static_cast<int>(index) || info->tcm_parent != TC_H_ROOT) continue;
    const Attributes attributes = message->attributes<tcmsg>();
    return Root{.kind = attributes.text(TCA_KIND),
                .counts = counts_in(attributes.inner(TCA_STATS2))};
  }
  return std::nullopt;
}

bool is_ours(std::string_view device) {
  return device.size() > 2 && device.starts_with("bs") &&
         device.find_first_not_of("0123456789", 2) == device.npos;
}

std::uint32_t index_of_ours(RouteSocket& route, std::string_view device) {
  BS_ASSERT(is_ours(device));
  return route.socket().interface_index(device);
}

void put_htb(RouteSocket& route, std::uint32_t index, const std::string& attempt) {
  MessageWriter out{RTM_NEWQDISC, kMake, at(index, TC_H_ROOT, kHtb)};
  out.put(TCA_KIND, "htb");
  {
    const auto options = out.plain_nest(TCA_OPTIONS);
    tc_htb_glob values{};
    values.version = 3;
    values.rate2quantum = 10;
    values.defcls = kHtbClass & 0xffff;
    out.put(TCA_HTB_INIT, values);
  }
  route.socket().ask(out.take(), attempt);
}

void put_htb_class(RouteSocket& route, std::uint32_t index, Bandwidth rate,
                   const std::string& attempt) {
  constexpr std::uint32_t kBurstTicks = 10'000'000 / 64;  // 10 ms; a tick is 64 ns
  const std::uint64_t bytes = std::max<std::uint64_t>(rate.bits_per_second / 8, 1);
  MessageWriter out{RTM_NEWTCLASS, kMake, at(index, kHtb, kHtbClass)};
  out.put(TCA_KIND, "htb");
  {
    const auto options = out.plain_nest(TCA_OPTIONS);
    tc_htb_opt values{};
    values.rate.linklayer = TC_LINKLAYER_ETHERNET;
    values.rate.rate = static_cast<std::uint32_t>(
        std::min<std::uint64_t>(bytes, std::numeric_limits<std::uint32_t>::max()));
    values.ceil = values.rate;
    values.buffer = values.cbuffer = kBurstTicks;
    values.quantum = 10'000;  // only matters among several classes, but the kernel wants one
    out.put(TCA_HTB_PARMS, values);
    if (bytes > values.rate.rate) {
      out.put(TCA_HTB_RATE64, bytes);
      out.put(TCA_HTB_CEIL64, bytes);
    }
  }
  route.socket().ask(out.take(), attempt);
}

// The class's own queue would be as long as the device's, which is 32 packets for an IFB.
void put_queue(RouteSocket& route, std::uint32_t index, const std::string& attempt) {
  MessageWriter out{RTM_NEWQDISC, kMake, at(index, kHtbClass)};
  out.put(TCA_KIND, "pfifo");
  out.put(TCA_OPTIONS, tc_fifo_qopt{.limit = 1'000});
  route.socket().ask(out.take(), attempt);
}

void put_at_root(RouteSocket& route, std::string_view device, const char* kind) {
  MessageWriter out{RTM_NEWQDISC, kMake, at(index_of_ours(route, device), TC_H_ROOT)};
  out.put(TCA_KIND, kind);
  route.socket().ask(out.take(),
                     "put " + std::string{kind} + " at the root of " + std::string{device});
}

}  // namespace

std::string root_qdisc(RouteSocket& route, std::string_view device) {
  const auto root = root_of(route, device);
  return root ? root->kind : std::string{};
}

std::optional<QdiscCounts> root_counts(RouteSocket& route, std::string_view device) {
  const auto root = root_of(route, device);
  return root ? std::optional{root->counts} : std::nullopt;
}

void set_blackhole(RouteSocket& route, std::string_view device) {
  put_at_root(route, device, "blackhole");
}

void set_fifo(RouteSocket& route, std::string_view device) { put_at_root(route, device, "pfifo"); }

void set_netem(RouteSocket& route, std::string_view device, const Impairment& impairment,
               std::uint32_t limit_packets) {
  route.socket().ask(netem_message(index_of_ours(route, device), impairment, limit_packets),
                     "put netem at the root of " + std::string{device});
}

void set_rate(RouteSocket& route, std::string_view device, Bandwidth rate) {
  const std::uint32_t index = index_of_ours(route, device);
  const std::string attempt = "limit the rate of " + std::string{device};
  const bool there = root_qdisc(route, device) == "htb";  // which takes no change itself
  if (!there) put_htb(route, index, attempt);
  put_htb_class(route, index, rate, attempt);
  if (!there) put_queue(route, index, attempt);
}

}  // namespace blackstart::netlink
