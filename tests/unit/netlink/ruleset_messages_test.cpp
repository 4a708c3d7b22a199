// What the kernel makes of these messages is tried in tests/kernel/ruleset_test.cpp.

#include "netlink/ruleset_messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "netlink/nft_batch.h"
#include "netlink/nft_numbers.h"
#include "netlink/set_messages.h"
#include "support/rulesets.h"

namespace blackstart::netlink {
namespace {

std::uint32_t index_of(std::string_view name) {
  if (name == "bs0") return 42;
  throw std::runtime_error{"no such device"};
}

MessageView parse(const Bytes& bytes) {
  ByteView rest{bytes};
  return take_message(rest).value();
}

int type_of(const BatchMessage& message) { return parse(message.bytes).header.nlmsg_type & 0xff; }

RulesetMessages messages_of(Rule rule, Family family = Family::netdev) {
  Chain chain{"c", std::nullopt, {std::move(rule)}};
  return ruleset_messages({{Table{.family = family, .chains = {std::move(chain)}}}}, index_of);
}

TEST(RulesetMessages, SetsComeBeforeChainsAndChainsBeforeRules) {
  const auto messages = ruleset_messages({{every_inet_table(), every_netdev_table()}}, index_of);
  for (const BatchMessage& message : messages.sets) {
    EXPECT_THAT(type_of(message), testing::AnyOf(NFT_MSG_NEWTABLE, NFT_MSG_NEWOBJ, NFT_MSG_NEWSET,
                                                 NFT_MSG_NEWSETELEM))
        << message.what;
  }
  // A rule may jump to a chain that stands after its own.
  bool rules = false;
  std::uint8_t family = 0;
  for (const BatchMessage& message : messages.chains) {
    const std::uint8_t now = parse(message.bytes).fixed<nfgenmsg>()->nfgen_family;
    if (std::exchange(family, now) != now) rules = false;
    if (type_of(message) == NFT_MSG_NEWRULE) rules = true;
    EXPECT_FALSE(rules && type_of(message) == NFT_MSG_NEWCHAIN) << message.what;
  }
}

TEST(RulesetMessages, ATableOfOursIsOwnedAndMustBeNew) {
  const auto messages = ruleset_messages({{Table{}}}, index_of);
  ASSERT_EQ(messages.sets.size(), 1u);
  const MessageView table = parse(messages.sets[0].bytes);
  EXPECT_EQ(table.attributes<nfgenmsg>().get_big<std::uint32_t>(NFTA_TABLE_FLAGS),
            static_cast<std::uint32_t>(NFT_TABLE_F_OWNER));
  EXPECT_TRUE(table.header.nlmsg_flags & NLM_F_EXCL);
}

TEST(RulesetMessages, SeveralValuesOfARuleBecomeASetMadeJustBeforeIt) {
  const auto messages = messages_of(
      {{MatchL4{{L4::tcp, L4::udp}}, MatchPort{Side::destination, {{1, 1}, {5, 9}}}}, ""});
  std::vector<int> types;
  std::vector<std::uint32_t> ids;
  for (const BatchMessage& message : messages.chains) {
    types.push_back(type_of(message));
    if (types.back() != NFT_MSG_NEWSET) continue;
    const Attributes set = parse(message.bytes).attributes<nfgenmsg>();
    ids.push_back(set.get_big<std::uint32_t>(NFTA_SET_ID).value());
  }
  EXPECT_THAT(types, testing::ElementsAre(NFT_MSG_NEWCHAIN, NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM,
                                          NFT_MSG_NEWSET, NFT_MSG_NEWSETELEM, NFT_MSG_NEWRULE));
  ASSERT_EQ(ids.size(), 2u);
  EXPECT_NE(ids[0], ids[1]);
}

TEST(RulesetMessages, ALargeSetIsCutIntoMessagesThatAnAttributeCanHold) {
  std::vector<Prefix> prefixes;
  for (int i = 0; i < 10'000; ++i) {
    prefixes.push_back(prefix6(
        {0xfd, 0, static_cast<std::uint8_t>(i >> 8), static_cast<std::uint8_t>(i), 0, 0}, 48));
    prefixes.back().address.bytes[5] = 2;  // a gap between one and the next
  }
  const auto elements = interval_elements(prefixes, true);
  ASSERT_EQ(elements.size(), prefixes.size());
  std::size_t found = 0;
  for (const Bytes& bytes : element_messages({Family::inet, "t", "s"}, true, elements)) {
    const auto list = parse(bytes).attributes<nfgenmsg>().find(NFTA_SET_ELEM_LIST_ELEMENTS);
    ASSERT_TRUE(list);
    EXPECT_LT(list->size(), 65'536u);
    ByteView rest = *list;
    for (; rest.size() >= 4; ++found) {
      std::uint16_t length = 0;
      std::memcpy(&length, rest.data(), sizeof length);
      rest = rest.subspan(NLA_ALIGN(length));
    }
  }
  EXPECT_EQ(found, 2 * elements.size());
}

TEST(RulesetMessages, WhatNoRuleCanSayIsRefused) {
  EXPECT_THROW(messages_of({{MatchL4{}}, ""}), std::invalid_argument);
  EXPECT_THROW(messages_of({{MatchPort{}}, ""}), std::invalid_argument);
  EXPECT_THROW(messages_of({{MatchInterface{Side::source, "sixteen_letters_"}}, ""}),
               std::invalid_argument);
  EXPECT_NO_THROW(messages_of({{MatchInterface{Side::source, "fifteen_letters"}}, ""}));
  EXPECT_THROW(messages_of({{Accept{}}, std::string(128, 'x')}), std::invalid_argument);
  EXPECT_NO_THROW(messages_of({{Accept{}}, std::string(127, 'x')}));
  EXPECT_NO_THROW(messages_of({{ForwardTo{"bs0"}}, ""}));
  EXPECT_THROW(messages_of({{ForwardTo{"eth7"}}, ""}), std::runtime_error);
}

TEST(RulesetMessages, AQueueIsForInetTables) {
  for (const auto via : {QueueTo::Via::nft, QueueTo::Via::xtables}) {
    EXPECT_NO_THROW(messages_of({{QueueTo{7, via}}, ""}, Family::inet));
    EXPECT_THROW(messages_of({{QueueTo{7, via}}, ""}, Family::netdev), std::invalid_argument);
  }
}

TEST(RulesetMessages, ARangeInASetOfSingleKeysIsRefused) {
  const SetElement range{PortRange{1, 2}, {}};
  EXPECT_THROW(element_messages({Family::inet, "t", "s"}, false, {&range, 1}),
               std::invalid_argument);
  EXPECT_EQ(element_messages({Family::inet, "t", "s"}, true, {&range, 1}).size(), 1u);
}

TEST(RulesetMessages, NoElementsNeedNoMessage) {
  EXPECT_TRUE(element_messages({Family::inet, "t", "s"}, true, {}).empty());
}

}  // namespace
}  // namespace blackstart::netlink
