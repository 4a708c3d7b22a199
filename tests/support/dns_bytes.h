#pragma once

// Questions and answers as bytes, for tests of whoever handles DNS messages.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"
#include "dns/record.h"

namespace blackstart::dns {

using Message = std::vector<std::uint8_t>;

inline Name name_of(std::string_view text) {
  const auto name = Name::from_text(text);
  BS_ASSERT(name);
  return *name;
}

// A question as glibc sends it: RD, no EDNS.
inline Message question_bytes(std::string_view name, Type type = Type::a, std::uint16_t id = 0x1234,
                              const QuestionOptions& options = {.edns = false}) {
  Message bytes(512);
  bytes.resize(write_question(bytes, id, {name_of(name), type}, options));
  return bytes;
}

struct TestRecord {
  Section section;
  std::string_view owner;
  Type type;
  std::uint32_t ttl;
  std::string_view rdata;  // text form
};

inline Message answer_bytes(std::string_view name, Type type,
                            const std::vector<TestRecord>& records,
                            std::uint16_t flags = Header::kQr | Header::kRd | Header::kRa,
                            bool edns = false, std::uint16_t id = 0x1234) {
  Message bytes(limits::dns_message_bytes_max);
  MessageWriter writer{bytes, {id, flags, {}}};
  BS_ASSERT(writer.question({name_of(name), type}));
  for (const TestRecord& record : records) {
    const auto rdata = rdata_from_text(record.type, record.rdata);
    BS_ASSERT(rdata);
    BS_ASSERT(writer.record(record.section, name_of(record.owner), record.type, Class::in,
                            record.ttl, *rdata));
  }
  if (edns) {
    BS_ASSERT(writer.opt(false, Rcode{static_cast<std::uint16_t>(flags & 0xf)}));
  }
  bytes.resize(writer.finish());
  return bytes;
}

// Every record in text form, section by section, OPT left out: "answer: x 5 IN A 192.0.2.1".
inline std::vector<std::string> records_of(Bytes message) {
  constexpr std::string_view kSections[] = {"", "answer: ", "authority: ", "additional: "};
  std::vector<std::string> out;
  RecordCursor records{message};
  while (const auto record = records.next()) {
    if (record->type == Type::opt) continue;
    out.push_back(std::string{kSections[static_cast<std::size_t>(record->section)]} +
                  record_text(message, *record));
  }
  BS_ASSERT(!records.broken());
  return out;
}

// A well-formed message, parsed; stops the test program otherwise.
inline ParsedMessage parsed(Bytes message) {
  ParsedMessage out;
  BS_ASSERT(parse_message(message, out) == Flaw::none);
  return out;
}

}  // namespace blackstart::dns
