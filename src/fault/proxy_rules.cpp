// What sends a target's new connections to a proxy of ours (compiler.h has the table).

#include "fault/rule_book.h"

namespace blackstart {

// Counted by the rule that acts: where several proxies would take a connection, only the first
// of the timeline has hit it. A connection that conntrack picks up in its middle is as new to NAT
// as any, and no SYN.
void add_proxy_rules(RuleBook& book, const Target& target, const ProxySpec& spec) {
  const Selected selected = book.select(target);
  const std::uint32_t ours = book.out().marks.ours();
  for (const At at : {At::proxy_output, At::proxy_prerouting}) {
    if (at == At::proxy_prerouting && of_local_senders(target)) continue;
    for (Matches& matches : selections(target, book.set_names(), netlink::Side::destination,
                                       L4Part::tcp, true, selected.cgroup)) {
      matches.insert(matches.end(),
                     {netlink::MatchSyn{}, netlink::MatchMark{.mask = ours, .value = 0},
                      netlink::Count{book.current().counter}});
      book.add_rule(at, Stage::redirect, std::move(matches), netlink::RedirectTo{});
    }
    book.add_sets(target, at);
  }
  const std::uint32_t entry = book.current().entry;
  book.out().proxied.push_back({entry, spec.toxics});
  if (spec.cut_existing) {
    book.out().cuts.push_back({entry, target, !of_local_senders(target)});
  }
}

void fill_proxy_ports(netlink::Ruleset& ruleset, const CompiledEntries& compiled,
                      const ProxyPorts& ports) {
  std::map<std::string, std::uint16_t> by_armed;
  for (const auto& [entry, port] : ports) by_armed[compiled.find(entry)->armed] = port;
  for (netlink::Table& table : ruleset.tables) {
    for (netlink::Chain& chain : table.chains) {
      for (netlink::Rule& rule : chain.rules) {
        auto* const redirect = std::get_if<netlink::RedirectTo>(&rule.expressions.back());
        const auto* const armed = std::get_if<netlink::MatchProtocolSet>(&rule.expressions.front());
        if (redirect == nullptr || armed == nullptr) continue;
        if (const auto port = by_armed.find(armed->set); port != by_armed.end()) {
          redirect->port = port->second;
        }
      }
    }
  }
}

}  // namespace blackstart
