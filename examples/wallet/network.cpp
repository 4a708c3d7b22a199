#include "network.h"

#include <arpa/inet.h>
#include <sched.h>

#include <stdexcept>

#include "sys/netns.h"

namespace wallet {
namespace {

using blackstart::check;
using blackstart::UniqueFd;
using blackstart::netlink::RouteSocket;

blackstart::Address ipv4(std::string_view text) {
  blackstart::Address address;
  if (::inet_pton(AF_INET, std::string{text}.c_str(), address.bytes.data()) != 1) {
    throw std::runtime_error{"\"" + std::string{text} + "\" is no IPv4 address"};
  }
  return address;
}

UniqueFd new_netns() {
  const UniqueFd here = blackstart::open_own_netns();
  check("unshare(network)", ::unshare(CLONE_NEWNET));
  UniqueFd fresh = blackstart::open_own_netns();
  check("setns(home)", ::setns(here.get(), CLONE_NEWNET));
  return fresh;
}

void refuse_unless_empty(RouteSocket& links) {
  for (const blackstart::netlink::Link& link : links.links()) {
    if (link.loopback) continue;
    throw std::runtime_error{"this is no sandbox, the device " + link.name +
                             " is here; start it by a scenario that says `where: sandbox`"};
  }
}

}  // namespace

Network::Network(std::string_view bridge, std::string_view address, std::uint8_t prefix_length)
    : bridge_{bridge}, prefix_length_{prefix_length} {
  refuse_unless_empty(links_);
  links_.create(bridge, "bridge");
  links_.add_address(bridge, ipv4(address), prefix_length_);
  links_.set_up(bridge);
}

UniqueFd Network::add_home(std::string_view name, std::string_view address) {
  UniqueFd home = new_netns();
  const std::string port = "v-" + std::string{name};
  links_.create_veth(port, "eth0", home.get());
  links_.set_master(port, bridge_);
  links_.set_up(port);

  const blackstart::NetnsGuard at_home{home};
  RouteSocket inside;
  inside.add_address("eth0", ipv4(address), prefix_length_);
  inside.set_up("eth0");
  inside.set_up("lo");
  return home;
}

}  // namespace wallet
