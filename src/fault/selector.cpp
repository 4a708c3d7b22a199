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
  std::vector<Prefix> prefixes = target.prefixes();
  std::erase_if(prefixes, [v6](const Prefix& prefix) { return prefix.address.v6 != v6; });
  return prefixes;
}

// Whether an address of the family can be selected, as far as prefixes go.
bool has_family(const Target& target, bool v6) {
  const auto& all = target.prefixes();
  const auto of_it = [v6](const Prefix& prefix) { return prefix.address.v6 == v6; };
  return all.empty() || std::ranges::any_of(all, of_it);
}

Prefix link_local(bool multicast) {
  Prefix prefix;
  prefix.address.v6 = true;
  prefix.address.bytes[0] = multicast ? 0xff : 0xfe;
  prefix.address.bytes[1] = multicast ? 0x02 : 0x80;
  prefix.length = multicast ? 16 : 10;
  return prefix;
}

bool covers_link_local(const std::vector<Prefix>& prefixes) {
  const netlink::AddressRange link = netlink::range_of(link_local(false));
  return std::ranges::any_of(prefixes, [&](const Prefix& prefix) {
    const netlink::AddressRange range = netlink::range_of(prefix);
    return range.first <= link.first && link.last <= range.last;
  });
}

// IPv6 finds its neighbours and routers by ICMPv6 of the link, where IPv4 has ARP, which is no
// packet of any target. Without it every peer would become "no route to host" within seconds,
// which is another outage than the one asked for.
void spare_the_link(Matches& matches, Side side) {
  for (const bool multicast : {false, true}) {
    if (multicast && side == Side::source) continue;
    matches.push_back(
        netlink::MatchPrefix{.side = side, .prefix = link_local(multicast), .equal = false});
  }
}

bool may_be_icmp(const Target& target) {
  return target.port.empty() && (!target.protocol || target.protocol == Protocol::icmp);
}

void match_prefixes(Matches& matches, const Target& target, const SelectorNames& names, Side side,
                    bool v6) {
  const std::vector<Prefix> prefixes = of_family(target, v6);
  if (prefixes.size() == 1) {
    matches.push_back(netlink::MatchPrefix{.side = side, .prefix = prefixes.front()});
  } else {
    matches.push_back(
        netlink::MatchAddressSet{.side = side, .v6 = v6, .set = v6 ? names.set_v6 : names.set_v4});
  }
  if (v6 && may_be_icmp(target) && covers_link_local(prefixes)) spare_the_link(matches, side);
}

// One list of matches a family that the target has addresses of. Without any: one list, or two
// where families must be told apart.
std::vector<Matches> by_address(const Target& target, const SelectorNames& names, Side side) {
  const bool follows = !target.names.empty();
  if (target.prefixes().empty() && !follows) {
    if (!may_be_icmp(target)) return {Matches{}};
    Matches v6;
    spare_the_link(v6, side);
    return {Matches{netlink::MatchFamily{false}}, std::move(v6)};
  }
  std::vector<Matches> out;
  for (const bool v6 : {false, true}) {
    if (!has_family(target, v6)) continue;
    Matches& matches = out.emplace_back();
    if (follows) {
      matches.push_back(
          netlink::MatchAddressSet{.side = side, .v6 = v6, .set = names.followed(v6)});
    }
    if (!target.prefixes().empty()) match_prefixes(matches, target, names, side, v6);
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
    const auto type = v6 ? netlink::SetType::ipv6_addr : netlink::SetType::ipv4_addr;
    if (!target.names.empty() && has_family(target, v6)) {
      out.push_back({.name = names.followed(v6), .type = type, .elements = {}});
    }
    const std::vector<Prefix> prefixes = of_family(target, v6);
    if (prefixes.size() < 2) continue;
    out.push_back({.name = v6 ? names.set_v6 : names.set_v4,
                   .type = type,
                   .interval = true,
                   .timeouts = false,
                   .elements = netlink::interval_elements(prefixes, v6)});
  }
  return out;
}

}  // namespace blackstart
