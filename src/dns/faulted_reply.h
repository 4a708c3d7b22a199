#pragma once

// The bytes of each kind of faulted answer, as the real thing would send them.

#include <cstddef>
#include <cstdint>
#include <span>

#include "dns/answer.h"
#include "dns/message.h"

namespace blackstart::dns {

inline constexpr std::uint32_t kOwnTtl = 5;  // seconds, of what we make up: a lift is soon seen

// A question that is about to be answered.
struct Asked {
  Bytes bytes;
  const ParsedMessage& parsed;
  const NameKey& key;  // of its name
  Transport transport{};
  const Address& client;
  std::span<std::uint8_t> reply;
  std::size_t limit = 0;  // of the reply

  Type type() const { return parsed.question.type; }
  bool asks(Type one) const { return type() == one || type() == Type::any; }
};

// Writes the reply of `kind` into asked.reply; its size, 0 where it has no room. Not for kinds
// that need more than the question: pass, drop and stale.
std::size_t write_faulted(AnswerKind kind, const FaultRule& rule, const Asked& asked);

}  // namespace blackstart::dns
