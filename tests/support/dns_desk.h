#pragma once

// A table of DNS faults with a client in front of it: what becomes of a question.

#include <gtest/gtest.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "dns/answer.h"
#include "support/dns_bytes.h"

namespace blackstart::dns {

inline constexpr Address kClient{.bytes = {10, 0, 0, 1}};
inline constexpr std::uint32_t kEntry = 7;

inline FaultRule rule_of(AnswerKind answer, std::string_view names = "*") {
  FaultRule rule;
  rule.entry = kEntry;
  rule.names = {*NamePattern::from_text(names)};
  rule.answer = answer;
  return rule;
}

// A table with its rules in force, in the order given, and what it decided last.
struct Desk {
  explicit Desk(std::vector<FaultRule> rules, std::uint64_t seed = 1)
      : entries{entries_of(rules)}, table{std::move(rules), RunSeed{seed}} {
    table.set_in_force(entries);
  }

  Plan ask(const Message& question, Transport transport = Transport::udp,
           const Address& client = kClient) {
    plan = table.decide(question, transport, client, buffer);
    return plan;
  }

  Message reply() const { return {buffer.begin(), buffer.begin() + static_cast<long>(plan.size)}; }

  // Asks, and gives the reply.
  Message answer(const Message& question, Transport transport = Transport::udp) {
    EXPECT_EQ(ask(question, transport).what, Plan::What::reply);
    return reply();
  }

  static std::vector<std::uint32_t> entries_of(const std::vector<FaultRule>& rules) {
    std::vector<std::uint32_t> out;
    for (const FaultRule& rule : rules) out.push_back(rule.entry);
    return out;
  }

  std::vector<std::uint32_t> entries;
  FaultTable table;
  std::vector<std::uint8_t> buffer = std::vector<std::uint8_t>(limits::dns_message_bytes_max);
  Plan plan;
};

inline Message with_edns(std::string_view name, Type type = Type::a, bool dnssec_ok = false) {
  return question_bytes(name, type, 0x1234, {.dnssec_ok = dnssec_ok});
}

inline Rcode rcode_of(const Message& bytes) {
  const ParsedMessage message = parsed(bytes);
  return full_rcode(message.header, message.edns);
}

}  // namespace blackstart::dns
