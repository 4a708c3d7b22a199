#include "netlink/link.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>

namespace blackstart::netlink {
namespace {

ifinfomsg no_link() {
  ifinfomsg info{};
  info.ifi_family = AF_UNSPEC;
  return info;
}

ifinfomsg link_numbered(std::uint32_t index) {
  ifinfomsg info = no_link();
  info.ifi_index = static_cast<int>(index);
  return info;
}

MessageWriter new_link() {
  return MessageWriter{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, no_link()};
}

std::optional<HardwareAddress> hardware_address(ByteView bytes) {
  HardwareAddress address{};
  if (bytes.size() != address.size()) return std::nullopt;
  std::ranges::copy(bytes, std::as_writable_bytes(std::span{address}).begin());
  return address;
}

std::optional<Link> read_link(const MessageView& message) {
  const auto info = message.fixed<ifinfomsg>();
  if (message.header.nlmsg_type != RTM_NEWLINK || !info) return std::nullopt;
  const Attributes attributes = message.attributes<ifinfomsg>();
  return Link{
      .index = static_cast<std::uint32_t>(info->ifi_index),
      .name = attributes.text(IFLA_IFNAME),
      .kind = attributes.inner(IFLA_LINKINFO).text(IFLA_INFO_KIND),
      .up = (info->ifi_flags & IFF_UP) != 0,
      .loopback = (info->ifi_flags & IFF_LOOPBACK) != 0,
      .mtu = attributes.get<std::uint32_t>(IFLA_MTU).value_or(0),
      .hardware = hardware_address(attributes.find(IFLA_ADDRESS).value_or(ByteView{})),
  };
}

ByteView bytes_of(const Address& address) {
  return std::as_bytes(std::span{address.bytes}.first(address.v6 ? 16u : 4u));
}

// Takes effect with the link's creation, so that none is ever there without it.
void put(MessageWriter& out, const std::optional<HardwareAddress>& hardware) {
  if (hardware) out.put(IFLA_ADDRESS, std::as_bytes(std::span{*hardware}));
}

std::string quoted(std::string_view name) { return '"' + std::string{name} + '"'; }

}  // namespace

RouteSocket::RouteSocket() : socket_{NETLINK_ROUTE} {}

std::vector<Link> RouteSocket::links() {
  const Bytes answers = socket_.dump(MessageWriter{RTM_GETLINK, 0, no_link()}.take(), "list links");
  std::vector<Link> links;
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    if (auto link = read_link(*message)) links.push_back(std::move(*link));
  }
  std::ranges::sort(links, {}, &Link::index);
  return links;
}

std::optional<Link> RouteSocket::find_link(std::string_view name) {
  std::vector<Link> all = links();
  const auto found = std::ranges::find(all, name, &Link::name);
  return found == all.end() ? std::nullopt : std::optional{*found};
}

void RouteSocket::create(std::string_view name, std::string_view kind,
                         const std::optional<HardwareAddress>& hardware) {
  MessageWriter out = new_link();
  out.put(IFLA_IFNAME, name);
  put(out, hardware);
  {
    const auto info = out.nest(IFLA_LINKINFO);
    out.put(IFLA_INFO_KIND, kind);
  }
  socket_.ask(out.take(), "create " + std::string{kind} + ' ' + quoted(name));
}

void RouteSocket::create_veth(std::string_view name, std::string_view peer, int peer_netns,
                              const std::optional<HardwareAddress>& hardware,
                              const std::optional<HardwareAddress>& hardware_of_peer) {
  MessageWriter out = new_link();
  out.put(IFLA_IFNAME, name);
  put(out, hardware);
  {
    const auto info = out.nest(IFLA_LINKINFO);
    out.put(IFLA_INFO_KIND, "veth");
    const auto data = out.nest(IFLA_INFO_DATA);
    const auto other = out.nest(VETH_INFO_PEER);
    out.put_fixed(no_link());
    out.put(IFLA_IFNAME, peer);
    put(out, hardware_of_peer);
    if (peer_netns >= 0) out.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(peer_netns));
  }
  socket_.ask(out.take(), "create veth " + quoted(name) + " and " + quoted(peer));
}

void RouteSocket::set_up(std::string_view name, bool up) {
  ifinfomsg info = link_numbered(socket_.interface_index(name));
  info.ifi_flags = up ? IFF_UP : 0;
  info.ifi_change = IFF_UP;
  socket_.ask(MessageWriter{RTM_NEWLINK, 0, info}.take(),
              (up ? "switch on " : "switch off ") + quoted(name));
}

void RouteSocket::move_to(std::string_view name, int netns_fd) {
  MessageWriter out{RTM_NEWLINK, 0, link_numbered(socket_.interface_index(name))};
  out.put(IFLA_NET_NS_FD, static_cast<std::uint32_t>(netns_fd));
  socket_.ask(out.take(), "move " + quoted(name) + " to another namespace");
}

void RouteSocket::set_master(std::string_view name, std::string_view master) {
  MessageWriter out{RTM_NEWLINK, 0, link_numbered(socket_.interface_index(name))};
  out.put(IFLA_MASTER, socket_.interface_index(master));
  socket_.ask(out.take(), "put " + quoted(name) + " under " + quoted(master));
}

void RouteSocket::set_mtu(std::string_view name, std::uint32_t mtu) {
  MessageWriter out{RTM_NEWLINK, 0, link_numbered(socket_.interface_index(name))};
  out.put(IFLA_MTU, mtu);
  socket_.ask(out.take(), "set the MTU of " + quoted(name));
}

void RouteSocket::remove(std::string_view name) {
  const ifinfomsg info = link_numbered(socket_.interface_index(name));
  socket_.ask(MessageWriter{RTM_DELLINK, 0, info}.take(), "remove " + quoted(name));
}

void RouteSocket::add_address(std::string_view name, const Address& address,
                              std::uint8_t prefix_length) {
  ifaddrmsg info{};
  info.ifa_family = address.v6 ? AF_INET6 : AF_INET;
  info.ifa_prefixlen = prefix_length;
  info.ifa_flags = address.v6 ? IFA_F_NODAD : 0;
  info.ifa_index = socket_.interface_index(name);
  MessageWriter out{RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, info};
  out.put(IFA_LOCAL, bytes_of(address));
  out.put(IFA_ADDRESS, bytes_of(address));
  socket_.ask(out.take(), "add an address to " + quoted(name));
}

void RouteSocket::add_route(const Prefix& destination, const Address& gateway) {
  rtmsg info{};
  info.rtm_family = gateway.v6 ? AF_INET6 : AF_INET;
  info.rtm_dst_len = destination.length;
  info.rtm_table = RT_TABLE_MAIN;
  info.rtm_protocol = RTPROT_BOOT;
  info.rtm_scope = RT_SCOPE_UNIVERSE;
  info.rtm_type = RTN_UNICAST;
  MessageWriter out{RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, info};
  if (destination.length > 0) {
    Address address = destination.address;
    address.v6 = gateway.v6;
    out.put(RTA_DST, bytes_of(address));
  }
  out.put(RTA_GATEWAY, bytes_of(gateway));
  socket_.ask(out.take(), "add a route");
}

LinkMonitor::LinkMonitor() : events_{NETLINK_ROUTE} { events_.join(RTNLGRP_LINK); }

void LinkMonitor::drain() { events_.discard_waiting(); }

}  // namespace blackstart::netlink
