#include "fault/selector.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "netlink/intervals.h"

namespace blackstart {
namespace {

using netlink::L4;
using netlink::Side;

// nullopt: nothing is left. Empty: no restriction.
std::optional<std::vector<L4>> protocols(const Target& target, L4Part part) {
  std::vector<L4> allowed;
  if (target.protocol == Protocol::tcp) {
    allowed = {L4::tcp};
  } else if (target.protocol == Protocol::udp) {
    allowed = {L4::udp};
  } else if (target.protocol == Protocol::icmp) {
    allowed = {L4::icmp, L4::icmpv6};
  } else if (!target.port.empty()) {
    allowed = {L4::tcp, L4::udp};
  }
  if (part == L4Part::all) return allowed;
  if (part == L4Part::tcp) {
    const bool any = allowed.empty() || std::ranges::count(allowed, L4::tcp) > 0;
    return any ? std::optional{std::vector{L4::tcp}} : std::nullopt;
  }
  if (allowed.empty()) return allowed;
  std::erase(allowed, L4::tcp);
  return allowed.empty() ? std::nullopt : std::optional{allowed};
}

std::vector<Prefix> of_family(const Target& target, bool v6) {
  std::vector<Prefix> prefixes = target.cidr;
  std::erase_if(prefixes, [v6](const Prefix& prefix) { return prefix.address.v6 != v6; });
  return prefixes;
}

// One list of matches a family that the target has addresses of; one empty list without any.
std::vector<Matches> by_address(const Target& target, const SelectorNames& names, Side side) {
  if (target.cidr.empty()) return {Matches{}};
  std::vector<Matches> out;
  for (const bool v6 : {false, true}) {
    const std::vector<Prefix> prefixes = of_family(target, v6);
    if (prefixes.empty()) continue;
    if (prefixes.size() == 1) {
      out.push_back({netlink::MatchPrefix{.side = side, .prefix = prefixes.front()}});
    } else {
      out.push_back({netlink::MatchAddressSet{
          .side = side, .v6 = v6, .set = v6 ? names.set_v6 : names.set_v4}});
    }
  }
  return out;
}

}  // namespace

std::vector<Matches> selections(const Target& target, const SelectorNames& names, Side side,
                                L4Part part, bool process, const std::optional<CgroupId>& cgroup) {
  const auto l4 = protocols(target, part);
  if (!l4) return {};

  std::vector<Matches> out = by_address(target, names, side);
  for (Matches& matches : out) {
    if (!target.interface.empty()) {
      matches.insert(matches.begin(),
                     netlink::MatchInterface{.side = side, .name = target.interface});
    }
    if (!l4->empty()) matches.push_back(netlink::MatchL4{*l4});
    if (!target.port.empty()) {
      matches.push_back(netlink::MatchPort{.side = side, .any_of = netlink::merged(target.port)});
    }
    if (process && target.uid) matches.push_back(netlink::MatchUid{.uid = *target.uid});
    if (process && cgroup) {
      matches.push_back(
          netlink::MatchCgroup{.level = cgroup->level, .id = cgroup->inode, .path = cgroup->path});
    }
  }
  return out;
}

std::vector<netlink::Set> selector_sets(const Target& target, const SelectorNames& names) {
  std::vector<netlink::Set> out;
  for (const bool v6 : {false, true}) {
    const std::vector<Prefix> prefixes = of_family(target, v6);
    if (prefixes.size() < 2) continue;
    out.push_back({.name = v6 ? names.set_v6 : names.set_v4,
                   .type = v6 ? netlink::SetType::ipv6_addr : netlink::SetType::ipv4_addr,
                   .interval = true,
                   .timeouts = false,
                   .elements = netlink::interval_elements(prefixes, v6)});
  }
  return out;
}

}  // namespace blackstart
