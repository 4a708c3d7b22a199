// Any bytes as a question, as an answer, and as both ends of an edit. What the codec accepts must
// write back to the same meaning; what the fault table replies must parse.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "dns/answer.h"
#include "dns/edit.h"
#include "dns/record.h"

namespace {

using namespace blackstart;
using namespace blackstart::dns;

// One rule for each kind of answer; which is in force is up to the input.
FaultTable& table() {
  static FaultTable all = [] {
    std::vector<FaultRule> rules;
    for (std::uint32_t kind = 0; kind <= static_cast<std::uint32_t>(AnswerKind::spoof); ++kind) {
      FaultRule rule;
      rule.entry = kind;
      rule.names = {*NamePattern::from_text("*")};
      rule.answer = AnswerKind{static_cast<std::uint8_t>(kind)};
      rule.a = {{.bytes = {192, 0, 2, 1}}};
      rule.ttl = 60;
      rules.push_back(rule);
    }
    return FaultTable{std::move(rules), RunSeed{1}};
  }();
  return all;
}

void read_everything(Bytes message) {
  RecordCursor records{message};
  while (const auto record = records.next()) {
    const std::string text = rdata_text(message, *record);
    const auto back = rdata_from_text(record->type, text);
    BS_ASSERT(record->type == Type::opt || back);
  }
  ede_of(message);
}

void names_survive_text(Bytes message) {
  Name name;
  if (!read_name(message, kHeaderBytes, name)) return;
  BS_ASSERT(Name::from_text(name.text()) == name);
  BS_ASSERT(Name::from_wire(name.wire()) == name);
  BS_ASSERT(NameKey{name}.label_count() == name.label_count());
  if (const auto pattern = NamePattern::from_text(name.text())) pattern->matches(NameKey{name});
}

void copies_keep_their_records(Bytes message) {
  ParsedMessage parsed;
  if (parse_message(message, parsed) != Flaw::none) return;
  std::vector<std::uint8_t> out(limits::dns_message_bytes_max);
  MessageWriter writer{out, parsed.header};
  writer.question(parsed.question);
  std::vector<RecordView> originals;
  RecordCursor records{message};
  while (const auto record = records.next()) {
    if (!writer.copy(message, *record)) break;
    originals.push_back(*record);
  }
  out.resize(writer.finish());
  RecordCursor copied{out};
  for (const RecordView& original : originals) {
    const auto record = copied.next();
    BS_ASSERT(record);
    // Data that its type cannot read stays unreadable, but may begin with names, which a copy
    // writes anew. It does so for no type above DNAME.
    constexpr unsigned kDname = 39;
    const bool raw = rdata_text(message, original).starts_with("\\# ");
    BS_ASSERT(rdata_text(out, *record).starts_with("\\# ") == raw);
    const bool same = record_text(out, *record) == record_text(message, original);
    BS_ASSERT(same || (raw && static_cast<unsigned>(record->type) <= kDname));
  }
}

void edit(Bytes message) {
  std::vector<std::uint8_t> bytes{message.begin(), message.end()};
  const bool whole = cap_ttls(bytes, 60);
  bytes.resize(strip_opt(bytes));
  BS_ASSERT(cap_ttls(bytes, 60) || !whole);
  const std::size_t limit = std::max<std::size_t>(bytes.size() / 2, 300);
  bytes.resize(truncate_for(bytes, limit));
  BS_ASSERT(bytes.size() <= limit);
  BS_ASSERT(!whole || bytes.size() < kHeaderBytes || cap_ttls(bytes, 60));
}

void fault(Bytes message, std::uint32_t kind) {
  static std::array<std::uint8_t, limits::dns_message_bytes_max> reply;
  const std::array<std::uint32_t, 1> in_force{kind};
  table().set_in_force(in_force);
  for (const Transport transport : {Transport::udp, Transport::tcp}) {
    const Plan plan = table().decide(message, transport, Address{}, reply);
    if (plan.what != Plan::What::reply || plan.did == "garbage") continue;
    const Bytes sent = Bytes{reply}.first(plan.size);
    ParsedMessage parsed;
    BS_ASSERT(plan.size == kHeaderBytes || parse_message(sent, parsed) == Flaw::none);
    BS_ASSERT(plan.size > kHeaderBytes || plan.size <= message.size());
  }
}

void pass_on(Bytes question, Bytes answer) {
  static std::array<std::uint8_t, limits::dns_message_bytes_max> out;
  const Name alias = *Name::from_text("alias.example");
  is_answer_to(question, answer);
  table().learn(question, answer);
  ask_for_alias(question, alias, out);
  const std::size_t size = answer_through_alias(question, alias, 5, answer, out);
  ParsedMessage parsed;
  BS_ASSERT(size <= kHeaderBytes || parse_message(Bytes{out}.first(size), parsed) == Flaw::none);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const Bytes message{data + 1, size - 1};
  read_everything(message);
  names_survive_text(message);
  copies_keep_their_records(message);
  edit(message);
  fault(message, *data % (static_cast<std::uint32_t>(AnswerKind::spoof) + 1));
  pass_on(message.first(message.size() / 2), message.subspan(message.size() / 2));
  pass_on(message, message);
  return 0;
}
