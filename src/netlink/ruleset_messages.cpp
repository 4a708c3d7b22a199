#include "netlink/ruleset_messages.h"

#include <linux/netfilter.h>

#include <stdexcept>
#include <utility>

#include "netlink/nft_numbers.h"
#include "netlink/set_messages.h"

namespace blackstart::netlink {
namespace {

std::uint32_t hook_number(Hook hook) {
  switch (hook) {
    case Hook::prerouting:
      return NF_INET_PRE_ROUTING;
    case Hook::input:
      return NF_INET_LOCAL_IN;
    case Hook::forward:
      return NF_INET_FORWARD;
    case Hook::output:
      return NF_INET_LOCAL_OUT;
    case Hook::postrouting:
      return NF_INET_POST_ROUTING;
    case Hook::ingress:
      return NF_NETDEV_INGRESS;
    case Hook::egress:
      return NF_NETDEV_EGRESS;
  }
  return 0;
}

std::string label(const Table& table) {
  return std::string{nft_name(table.family)} + ' ' + table.name;
}

BatchMessage new_table(const Table& table) {
  MessageWriter out = nft_message(NFT_MSG_NEWTABLE, table.family, NLM_F_CREATE | NLM_F_EXCL);
  out.put(NFTA_TABLE_NAME, table.name);
  out.put_big<std::uint32_t>(NFTA_TABLE_FLAGS, table.owned ? NFT_TABLE_F_OWNER : 0);
  return {out.take(), "table " + label(table)};
}

BatchMessage new_counter(const Table& table, const Counter& counter) {
  MessageWriter out = nft_message(NFT_MSG_NEWOBJ, table.family, NLM_F_CREATE);
  out.put(NFTA_OBJ_TABLE, table.name);
  out.put(NFTA_OBJ_NAME, counter.name);
  out.put_big<std::uint32_t>(NFTA_OBJ_TYPE, NFT_OBJECT_COUNTER);
  {
    const auto data = out.nest(NFTA_OBJ_DATA);
    out.put_big<std::uint64_t>(NFTA_COUNTER_BYTES, 0);
    out.put_big<std::uint64_t>(NFTA_COUNTER_PACKETS, 0);
  }
  return {out.take(), "counter " + counter.name};
}

void put_hook(MessageWriter& out, const BaseChain& base) {
  out.put(NFTA_CHAIN_TYPE, nft_name(base.type));
  const auto hook = out.nest(NFTA_CHAIN_HOOK);
  out.put_big(NFTA_HOOK_HOOKNUM, hook_number(base.hook));
  out.put_big(NFTA_HOOK_PRIORITY, static_cast<std::uint32_t>(base.priority));
  if (base.devices.size() == 1) out.put(NFTA_HOOK_DEV, base.devices.front());
  if (base.devices.size() < 2) return;
  const auto devices = out.nest(NFTA_HOOK_DEVS);
  for (const std::string& device : base.devices) out.put(NFTA_DEVICE_NAME, device);
}

BatchMessage new_chain(const Table& table, const Chain& chain) {
  MessageWriter out = nft_message(NFT_MSG_NEWCHAIN, table.family, NLM_F_CREATE | NLM_F_EXCL);
  out.put(NFTA_CHAIN_TABLE, table.name);
  out.put(NFTA_CHAIN_NAME, chain.name);
  if (chain.base) put_hook(out, *chain.base);
  return {out.take(), "chain " + chain.name + " of " + label(table)};
}

void add_sets(const Table& table, std::uint32_t& next_set_id, std::vector<BatchMessage>& out) {
  out.push_back(new_table(table));
  for (const Counter& counter : table.counters) out.push_back(new_counter(table, counter));
  for (const Set& set : table.sets) {
    const std::string what = "set " + set.name + " of " + label(table);
    out.push_back({new_set_message(table, set, next_set_id++), what});
    const SetName name{table.family, table.name, set.name};
    for (Bytes& message : element_messages(name, set.interval, set.elements)) {
      out.push_back({std::move(message), "elements of " + what});
    }
  }
}

void add_rules(const Table& table, const Chain& chain, std::uint32_t& next_set_id,
               const InterfaceIndex& interface_index, std::vector<BatchMessage>& out) {
  for (std::size_t i = 0; i < chain.rules.size(); ++i) {
    RuleMessage rule = rule_message(table, chain, chain.rules[i], next_set_id, interface_index);
    const std::string what =
        "rule " + std::to_string(i + 1) + " of chain " + chain.name + " of " + label(table);
    for (const AnonymousSet& set : rule.sets) {
      for (Bytes& message : anonymous_set_messages(table, set)) {
        out.push_back({std::move(message), "a set of " + what});
      }
    }
    out.push_back({std::move(rule.rule), what});
  }
}

void add_chains(const Table& table, std::uint32_t& next_set_id,
                const InterfaceIndex& interface_index, std::vector<BatchMessage>& out) {
  // All chains first: a rule may jump to one that stands after it.
  for (const Chain& chain : table.chains) out.push_back(new_chain(table, chain));
  for (const Chain& chain : table.chains) {
    add_rules(table, chain, next_set_id, interface_index, out);
  }
}

}  // namespace

RulesetMessages ruleset_messages(const Ruleset& ruleset, const InterfaceIndex& interface_index) {
  RulesetMessages out;
  std::uint32_t next_set_id = 1;
  for (const Table& table : ruleset.tables) add_sets(table, next_set_id, out.sets);
  for (const Table& table : ruleset.tables) {
    add_chains(table, next_set_id, interface_index, out.chains);
  }
  return out;
}

std::vector<BatchMessage> chain_messages(Family family, const std::string& table,
                                         const std::vector<Chain>& chains,
                                         const InterfaceIndex& interface_index) {
  Table loaded;
  loaded.family = family;
  loaded.name = table;
  loaded.chains = chains;
  std::vector<BatchMessage> out;
  std::uint32_t next_set_id = 1;
  add_chains(loaded, next_set_id, interface_index, out);
  return out;
}

Bytes delete_table_message(Family family, const std::string& name) {
  MessageWriter out = nft_message(NFT_MSG_DELTABLE, family, 0);
  out.put(NFTA_TABLE_NAME, name);
  return out.take();
}

}  // namespace blackstart::netlink
