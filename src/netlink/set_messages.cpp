#include "netlink/set_messages.h"

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>

#include "netlink/intervals.h"
#include "netlink/nft_numbers.h"

namespace blackstart::netlink {
namespace {

// An attribute's length has 16 bits; some room is left for the last element.
constexpr std::size_t kMessageBytes = 60'000;

// nft's numbers for the types of keys, and how long each is.
struct KeyType {
  std::uint32_t number, length;
};
constexpr KeyType kProtocolKey{12, 1};
constexpr KeyType kPortKey{13, 2};

KeyType key_of(SetType type) {
  switch (type) {
    case SetType::ipv4_addr:
      return {7, 4};
    case SetType::ipv6_addr:
      return {8, 16};
    case SetType::inet_service:
      return kPortKey;
    case SetType::ether_type:
      return {10, 2};
  }
  return {};
}

// A key's bytes in network order, and those of the key after the interval.
struct Key {
  std::array<std::uint8_t, 16> bytes{};
  std::size_t size = 0;

  ByteView view() const { return std::as_bytes(std::span{bytes}.first(size)); }
};
struct KeyRange {
  Key first;
  std::optional<Key> after;  // nullopt: the interval is open to the end
  bool single = true;
};

Key key(const Address& address) { return {address.bytes, address.v6 ? 16u : 4u}; }
Key key(std::uint16_t number) {
  return {{static_cast<std::uint8_t>(number >> 8), static_cast<std::uint8_t>(number)}, 2};
}

KeyRange keys_of(const AddressRange& range) {
  KeyRange keys{key(range.first), std::nullopt, range.first == range.last};
  if (const auto after = next(range.last)) keys.after = key(*after);
  return keys;
}
KeyRange keys_of(const PortRange& range) {
  KeyRange keys{key(range.first), std::nullopt, range.first == range.last};
  const bool open = range.last == std::numeric_limits<std::uint16_t>::max();
  if (!open) keys.after = key(static_cast<std::uint16_t>(range.last + 1));
  return keys;
}
KeyRange keys_of(EtherType type) { return {key(static_cast<std::uint16_t>(type)), {}, true}; }

void put_key(MessageWriter& out, const Key& key) {
  const auto nest = out.nest(NFTA_SET_ELEM_KEY);
  out.put(NFTA_DATA_VALUE, key.view());
}

// nft's note to itself that nothing ends this interval: type 1, length 4, value 1.
void put_open_note(MessageWriter& out) {
  struct {
    std::uint8_t type = 1, length = 4;
    std::array<std::uint8_t, 4> value{std::endian::native == std::endian::little ? 1 : 0, 0, 0,
                                      std::endian::native == std::endian::little ? 0 : 1};
  } note;
  out.put(NFTA_SET_ELEM_USERDATA, note);
}

void put_element(MessageWriter& out, bool interval, const KeyRange& keys,
                 std::chrono::milliseconds timeout) {
  if (!interval && !keys.single) throw std::invalid_argument{"a range in a set of single keys"};
  {
    const auto element = out.nest(NFTA_LIST_ELEM);
    put_key(out, keys.first);
    if (timeout.count() > 0) {
      out.put_big(NFTA_SET_ELEM_TIMEOUT, static_cast<std::uint64_t>(timeout.count()));
    }
    if (interval && !keys.after) put_open_note(out);
  }
  if (!interval || !keys.after) return;
  const auto end = out.nest(NFTA_LIST_ELEM);
  out.put_big<std::uint32_t>(NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
  put_key(out, *keys.after);
}

MessageWriter element_message(const SetName& name, nf_tables_msg_types type) {
  MessageWriter out = nft_message(type, name.family, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0);
  out.put(NFTA_SET_ELEM_LIST_TABLE, name.table);
  out.put(NFTA_SET_ELEM_LIST_SET, name.set);
  if (name.id != 0) out.put_big(NFTA_SET_ELEM_LIST_SET_ID, name.id);
  return out;
}

// `put` writes the element at an index.
template <class Put>
std::vector<Bytes> fill(const SetName& name, std::size_t count, Put put,
                        nf_tables_msg_types type = NFT_MSG_NEWSETELEM) {
  std::vector<Bytes> messages;
  for (std::size_t i = 0; i < count;) {
    MessageWriter out = element_message(name, type);
    {
      const auto list = out.nest(NFTA_SET_ELEM_LIST_ELEMENTS);
      for (; i < count && out.size() < kMessageBytes; ++i) put(out, i);
    }
    messages.push_back(out.take());
  }
  return messages;
}

void put_set(MessageWriter& out, std::string_view table, std::string_view name, std::uint32_t flags,
             const KeyType& key, std::uint32_t id) {
  out.put(NFTA_SET_TABLE, table);
  out.put(NFTA_SET_NAME, name);
  out.put_big(NFTA_SET_FLAGS, flags);
  out.put_big(NFTA_SET_KEY_TYPE, key.number);
  out.put_big(NFTA_SET_KEY_LEN, key.length);
  out.put_big(NFTA_SET_ID, id);
}

}  // namespace

Bytes new_set_message(const Table& table, const Set& set, std::uint32_t id) {
  std::uint32_t flags = 0;
  if (set.interval) flags |= NFT_SET_INTERVAL;
  if (set.timeouts) flags |= NFT_SET_TIMEOUT;
  MessageWriter out = nft_message(NFT_MSG_NEWSET, table.family, NLM_F_CREATE | NLM_F_EXCL);
  put_set(out, table.name, set.name, flags, key_of(set.type), id);
  return out.take();
}

std::vector<Bytes> anonymous_set_messages(const Table& table, const AnonymousSet& set) {
  const SetName name{table.family, table.name, "__set%d", set.id};
  const bool interval =
      std::ranges::any_of(set.ports, [](const PortRange& r) { return r.first != r.last; });
  std::uint32_t flags = NFT_SET_ANONYMOUS | NFT_SET_CONSTANT;
  if (interval) flags |= NFT_SET_INTERVAL;
  const std::size_t count = set.protocols.size() + set.ports.size();

  MessageWriter out = nft_message(NFT_MSG_NEWSET, table.family, NLM_F_CREATE);
  put_set(out, table.name, name.set, flags, set.ports.empty() ? kProtocolKey : kPortKey, set.id);
  {
    const auto description = out.nest(NFTA_SET_DESC);
    out.put_big(NFTA_SET_DESC_SIZE, static_cast<std::uint32_t>(interval ? 2 * count : count));
  }
  std::vector<Bytes> messages;
  messages.push_back(out.take());
  auto elements = fill(name, count, [&](MessageWriter& message, std::size_t i) {
    if (!set.ports.empty()) return put_element(message, interval, keys_of(set.ports[i]), {});
    const Key protocol{{static_cast<std::uint8_t>(set.protocols[i])}, 1};
    put_element(message, false, {protocol, {}, true}, {});
  });
  for (Bytes& message : elements) messages.push_back(std::move(message));
  return messages;
}

std::vector<Bytes> element_messages(const SetName& name, bool interval,
                                    std::span<const SetElement> elements, ElementAct act) {
  const auto put = [&](MessageWriter& out, std::size_t i) {
    const KeyRange keys =
        std::visit([](const auto& value) { return keys_of(value); }, elements[i].value);
    put_element(out, interval, keys, elements[i].timeout);
  };
  return fill(name, elements.size(), put,
              act == ElementAct::add ? NFT_MSG_NEWSETELEM : NFT_MSG_DELSETELEM);
}

Bytes flush_message(const SetName& name) {
  return element_message(name, NFT_MSG_DELSETELEM).take();
}

}  // namespace blackstart::netlink
