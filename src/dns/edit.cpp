#include "dns/edit.h"

#include <algorithm>
#include <cstring>

#include "dns/reply.h"

namespace blackstart::dns {
namespace {

void set_count(std::span<std::uint8_t> message, Section section, std::uint16_t count) {
  const std::size_t at = 4 + 2 * static_cast<std::size_t>(section);
  message[at] = static_cast<std::uint8_t>(count >> 8);
  message[at + 1] = static_cast<std::uint8_t>(count & 0xff);
}

void set_truncated(std::span<std::uint8_t> message) {
  message[2] |= static_cast<std::uint8_t>(Header::kTc >> 8);
}

// Header alone, for what is too broken to repeat.
std::size_t write_bare_error(const Header& asked, Rcode rcode, std::span<std::uint8_t> out) {
  if (out.size() < kHeaderBytes) return 0;
  const unsigned echoed = asked.flags & (0x7800U | Header::kRd | Header::kCd);
  const unsigned low = static_cast<unsigned>(rcode) & 0xf;
  const auto flags = static_cast<std::uint16_t>(echoed | Header::kQr | Header::kRa | low);
  write_header(out.first<kHeaderBytes>(), {asked.id, flags, {}});
  return kHeaderBytes;
}

bool is_bare_error(const Header& header) {
  switch (header.rcode()) {
    case Rcode::formerr:
    case Rcode::servfail:
    case Rcode::notimp:
    case Rcode::refused:
      return header.count(Section::question) == 0;
    default:
      return false;
  }
}

bool copy_answers(MessageWriter& writer, Bytes from) {
  RecordCursor records{from};
  while (const auto record = records.next()) {
    if (record->section == Section::additional) break;
    if (!writer.copy(from, *record)) return false;
  }
  return true;
}

}  // namespace

std::uint16_t id_of(Bytes message) {
  return static_cast<std::uint16_t>(message[0] << 8 | message[1]);
}

void set_id(std::span<std::uint8_t> message, std::uint16_t id) {
  message[0] = static_cast<std::uint8_t>(id >> 8);
  message[1] = static_cast<std::uint8_t>(id & 0xff);
}

bool cap_ttls(std::span<std::uint8_t> message, std::uint32_t seconds) {
  RecordCursor records{message};
  while (const auto record = records.next()) {
    if (record->type == Type::opt || record->ttl <= seconds) continue;
    for (std::size_t i = 0; i < 4; ++i) {
      message[record->fixed + 4 + i] = static_cast<std::uint8_t>(seconds >> (24 - 8 * i) & 0xff);
    }
  }
  return !records.broken();
}

std::size_t truncate_for(std::span<std::uint8_t> message, std::size_t limit) {
  if (message.size() <= limit || message.size() < kHeaderBytes) return message.size();
  ParsedMessage parsed;
  const Flaw flaw = parse_message(message, parsed);
  std::size_t end = flaw == Flaw::none ? parsed.question_end : kHeaderBytes;
  const std::size_t opt =
      flaw == Flaw::none && parsed.edns ? parsed.edns->end - parsed.edns->start : 0;
  std::uint16_t answers = 0;
  RecordCursor records{message};
  while (flaw == Flaw::none) {
    const auto record = records.next();
    if (!record || record->section != Section::answer || record->end + opt > limit) break;
    end = record->end;
    ++answers;
  }
  set_truncated(message);
  set_count(message, Section::question, flaw == Flaw::none ? 1 : 0);
  set_count(message, Section::answer, answers);
  set_count(message, Section::authority, 0);
  set_count(message, Section::additional, opt > 0 ? 1 : 0);
  if (opt > 0) std::memmove(message.data() + end, message.data() + parsed.edns->start, opt);
  return end + opt;
}

std::size_t strip_opt(std::span<std::uint8_t> message) {
  RecordCursor records{message};
  std::uint16_t before = 0;
  while (const auto record = records.next()) {
    if (record->section != Section::additional) continue;
    if (record->type != Type::opt) {
      ++before;
      continue;
    }
    set_count(message, Section::additional, before);
    return record->owner;
  }
  return message.size();
}

bool is_answer_to(Bytes question, Bytes answer) {
  ParsedMessage asked;
  const auto header = read_header(answer);
  if (!header || parse_message(question, asked) != Flaw::none) return false;
  if (header->id != asked.header.id || !header->has(Header::kQr) ||
      header->opcode() != asked.header.opcode()) {
    return false;
  }
  if (is_bare_error(*header)) return true;
  return header->count(Section::question) == 1 && answer.size() >= asked.question_end &&
         std::equal(question.begin() + kHeaderBytes,
                    question.begin() + static_cast<std::ptrdiff_t>(asked.question_end),
                    answer.begin() + kHeaderBytes);
}

std::size_t write_error(Bytes question, Rcode rcode, std::optional<Ede> ede,
                        std::span<std::uint8_t> out) {
  ParsedMessage parsed;
  const Flaw flaw = parse_message(question, parsed);
  if (flaw == Flaw::too_short || parsed.header.has(Header::kQr)) return 0;
  if (flaw != Flaw::none || parsed.header.opcode() != Opcode::query) {
    return write_bare_error(parsed.header, rcode, out);
  }
  ReplyWriter reply{question, parsed, out, out.size()};
  reply.set_rcode(rcode);
  if (ede) reply.set_ede(*ede);
  return reply.finish();
}

std::size_t servfail_for(Bytes question, Ede ede, std::span<std::uint8_t> out) {
  return write_error(question, Rcode::servfail, ede, out);
}

std::size_t ask_for_alias(Bytes question, const Name& alias, std::span<std::uint8_t> out) {
  ParsedMessage parsed;
  if (parse_message(question, parsed) != Flaw::none) return 0;
  const Bytes rest = question.subspan(kHeaderBytes + parsed.question.name.size());
  const std::size_t size = kHeaderBytes + alias.size() + rest.size();
  if (size > out.size()) return 0;
  // What follows the name of a question (OPT) has no pointers into it.
  std::ranges::copy(question.first(kHeaderBytes), out.begin());
  std::ranges::copy(alias.wire(), out.begin() + kHeaderBytes);
  std::ranges::copy(rest, out.begin() + static_cast<std::ptrdiff_t>(kHeaderBytes + alias.size()));
  return size;
}

std::size_t answer_through_alias(Bytes question, const Name& alias, std::uint32_t ttl,
                                 Bytes answer_for_alias, std::span<std::uint8_t> out) {
  ParsedMessage asked, answer;
  if (parse_message(question, asked) != Flaw::none) return 0;
  if (parse_message(answer_for_alias, answer) != Flaw::none) {
    return servfail_for(question, Ede::network_error, out);
  }
  const unsigned flags = Header::kQr | Header::kRa |
                         (asked.header.flags & (Header::kRd | Header::kCd)) |
                         (answer.header.flags & Header::kTc);
  const Rcode rcode = full_rcode(answer.header, answer.edns);
  const auto low = static_cast<unsigned>(rcode) & 0xf;
  MessageWriter writer{out, {asked.header.id, static_cast<std::uint16_t>(flags | low), {}}};
  if (asked.edns) writer.reserve_opt();
  const bool whole =
      writer.question(asked.question) &&
      writer.name_record(Section::answer, asked.question.name, Type::cname, ttl, alias) &&
      copy_answers(writer, answer_for_alias);
  if (!whole) writer.set_flags(static_cast<std::uint16_t>(flags | low | Header::kTc));
  if (asked.edns) writer.opt(asked.edns->dnssec_ok, rcode);
  return writer.finish();
}

}  // namespace blackstart::dns
