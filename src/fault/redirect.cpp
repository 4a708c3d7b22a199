#include "fault/redirect.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "netlink/expressions.h"

namespace blackstart {
namespace {

using netlink::Expression;
using netlink::L4;
using netlink::Rule;
using netlink::Side;

constexpr std::uint16_t kDnsPort = 53;

Prefix loopback(bool v6) {
  Prefix prefix;
  prefix.address.v6 = v6;
  prefix.length = v6 ? 128 : 32;
  if (v6) {
    prefix.address.bytes[15] = 1;
  } else {
    prefix.address.bytes = {127, 0, 0, 1};
  }
  return prefix;
}

// A question that is not our resolver's own, nor that of a forwarder it asks.
std::vector<Expression> question(const RedirectOptions& options, L4 protocol) {
  std::vector<Expression> out{
      netlink::MatchProtocolSet{kDnsArmedSet},
      netlink::MatchMark{.mask = options.marks.ours(), .value = 0},
  };
  if (options.exempt_uid) {
    out.push_back(netlink::MatchUid{.uid = *options.exempt_uid, .equal = false});
  }
  out.push_back(netlink::MatchL4{{protocol}});
  out.push_back(netlink::MatchPort{.side = Side::destination, .any_of = {{kDnsPort, kDnsPort}}});
  return out;
}

Rule answers_into_zone(std::uint16_t port, bool v6, std::uint16_t zone) {
  return {
      {netlink::MatchProtocolSet{kAnswersArmedSet},
       netlink::MatchPrefix{.side = Side::source, .prefix = loopback(v6)},
       netlink::MatchL4{{L4::udp}},
       netlink::MatchPort{.side = Side::source, .any_of = {{port, port}}}, netlink::SetZone{zone}},
      {}};
}

netlink::Chain zone_chain(const RedirectOptions& options) {
  netlink::Chain chain{.name = "dns_zone",
                       .base = netlink::BaseChain{.type = netlink::ChainType::filter,
                                                  .hook = netlink::Hook::output,
                                                  .priority = -300,
                                                  .devices = {}},
                       .rules = {}};
  for (const bool v6 : {false, true}) {
    const auto port = v6 ? options.ports.v6 : options.ports.v4;
    if (!port) continue;
    std::vector<Expression> into = question(options, L4::udp);
    into.insert(into.begin() + 1, netlink::MatchFamily{v6});
    into.push_back(netlink::SetZone{options.zone});
    chain.rules.push_back({std::move(into), {}});
    chain.rules.push_back(answers_into_zone(*port, v6, options.zone));
  }
  return chain;
}

// Before Docker's and everybody else's, which are at -100: the first NAT rule decides.
netlink::Chain redirect_chain(const RedirectOptions& options) {
  netlink::Chain chain{.name = "dns_redirect",
                       .base = netlink::BaseChain{.type = netlink::ChainType::nat,
                                                  .hook = netlink::Hook::output,
                                                  .priority = -150,
                                                  .devices = {}},
                       .rules = {}};
  for (const bool v6 : {false, true}) {
    const auto port = v6 ? options.ports.v6 : options.ports.v4;
    if (!port) continue;
    for (const L4 protocol : {L4::udp, L4::tcp}) {
      std::vector<Expression> to = question(options, protocol);
      to.insert(to.begin() + 1, netlink::MatchFamily{v6});
      to.push_back(netlink::RedirectTo{*port});
      chain.rules.push_back({std::move(to), {}});
    }
  }
  return chain;
}

}  // namespace

void add_dns_redirect(netlink::Ruleset& ruleset, const RedirectOptions& options) {
  netlink::Table& table = inet_table(ruleset);
  table.sets.push_back(netlink::armed_set(kDnsArmedSet));
  table.sets.push_back(netlink::armed_set(kAnswersArmedSet));
  table.chains.push_back(zone_chain(options));
  table.chains.push_back(redirect_chain(options));
}

}  // namespace blackstart
