#include "netlink/qdisc.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

namespace blackstart::netlink {
namespace {

tcmsg root_of(std::uint32_t interface) {
  tcmsg info{};
  info.tcm_family = AF_UNSPEC;
  info.tcm_ifindex = static_cast<int>(interface);
  info.tcm_parent = TC_H_ROOT;
  return info;
}

}  // namespace

std::string root_qdisc(RouteSocket& route, std::string_view device) {
  const std::uint32_t index = route.socket().interface_index(device);
  // Older kernels list those of all devices, whichever was asked for.
  const Bytes answers = route.socket().dump(MessageWriter{RTM_GETQDISC, 0, root_of(index)}.take(),
                                            "list queueing disciplines");
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    const auto info = message->fixed<tcmsg>();
    if (message->header.nlmsg_type != RTM_NEWQDISC || !info) continue;
    if (info->tcm_ifindex != static_cast<int>(index) || info->tcm_parent != TC_H_ROOT) continue;
    return message->attributes<tcmsg>().text(TCA_KIND);
  }
  return {};
}

void set_blackhole(RouteSocket& route, std::string_view device) {
  const std::uint32_t index = route.socket().interface_index(device);
  MessageWriter out{RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, root_of(index)};
  out.put(TCA_KIND, "blackhole");
  route.socket().ask(out.take(), "put a blackhole at the root of " + std::string{device});
}

}  // namespace blackstart::netlink
