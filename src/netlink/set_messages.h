#pragma once

// Sets and their elements as messages.
//
// The kernel keeps an interval as two elements: its first key, and the key after its last,
// flagged as an end. An interval that reaches the end of its family has none.

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "netlink/message.h"
#include "netlink/rule_messages.h"
#include "netlink/ruleset.h"

namespace blackstart::netlink {

// A set as messages about its elements name it.
struct SetName {
  Family family = Family::inet;
  std::string_view table;
  std::string_view set;
  std::uint32_t id = 0;  // of a set made in the same batch; required for an anonymous one
};

// Makes the set, without its elements.
Bytes new_set_message(const Table& table, const Set& set, std::uint32_t id);

// Makes the set and fills it.
std::vector<Bytes> anonymous_set_messages(const Table& table, const AnonymousSet& set);

enum class ElementAct : std::uint8_t { add, remove };

// As many messages as the elements need: one holds less than 64 KiB of them. Throws
// std::invalid_argument for an element that the set cannot hold.
std::vector<Bytes> element_messages(const SetName& name, bool interval,
                                    std::span<const SetElement> elements,
                                    ElementAct act = ElementAct::add);

// Empties the set.
Bytes flush_message(const SetName& name);

}  // namespace blackstart::netlink
