#include "dns/message.h"

#include <algorithm>
#include <cstring>

namespace blackstart::dns {
namespace {

constexpr std::size_t kRecordFixedBytes = 10;  // type, class, TTL, RDLENGTH
constexpr std::uint32_t kDoBit = 0x8000;
constexpr std::uint16_t kEdeOption = 15;  // RFC 8914, 2

std::uint16_t get16(Bytes bytes, std::size_t at) {
  return static_cast<std::uint16_t>(bytes[at] << 8 | bytes[at + 1]);
}

std::uint32_t get32(Bytes bytes, std::size_t at) {
  return static_cast<std::uint32_t>(get16(bytes, at)) << 16 | get16(bytes, at + 2);
}

std::optional<RecordView> read_record(Bytes message, std::size_t at) {
  const auto fixed = skip_name(message, at);
  if (!fixed || message.size() - *fixed < kRecordFixedBytes) return std::nullopt;
  RecordView record;
  record.owner = at;
  record.fixed = *fixed;
  record.type = Type{get16(message, *fixed)};
  record.klass = Class{get16(message, *fixed + 2)};
  record.ttl = get32(message, *fixed + 4);
  record.rdata_size = get16(message, *fixed + 8);
  record.rdata = *fixed + kRecordFixedBytes;
  if (message.size() - record.rdata < record.rdata_size) return std::nullopt;
  record.end = record.rdata + record.rdata_size;
  return record;
}

bool options_are_whole(Bytes options) {
  while (options.size() >= 4) {
    const std::size_t size = std::size_t{4} + get16(options, 2);
    if (size > options.size()) return false;
    options = options.subspan(size);
  }
  return options.empty();
}

// The names inside the data of the types that a message may carry compressed: those of
// RFC 1035, and those that RFC 3597, 4 wants receivers to expand all the same.
struct RdataNames {
  std::size_t before = 0;  // bytes ahead of the first
  std::size_t count = 0;
  bool compress = false;  // may be written compressed
};

constexpr RdataNames names_in_rdata(Type type) {
  switch (static_cast<std::uint16_t>(type)) {
    case 2:   // NS
    case 5:   // CNAME
    case 7:   // MB
    case 8:   // MG
    case 9:   // MR
    case 12:  // PTR
      return {0, 1, true};
    case 6:   // SOA
    case 14:  // MINFO
      return {0, 2, true};
    case 15:  // MX
      return {2, 1, true};
    case 17:  // RP
      return {0, 2, false};
    case 18:  // AFSDB
    case 21:  // RT
    case 36:  // KX
      return {2, 1, false};
    case 33:  // SRV
      return {6, 1, false};
    case 39:  // DNAME
      return {0, 1, false};
    default:
      return {};
  }
}

Flaw parse_records(Bytes message, ParsedMessage& out) {
  RecordCursor records{message};
  while (const auto record = records.next()) {
    if (record->type != Type::opt || record->section != Section::additional) continue;
    const bool at_root = record->fixed == record->owner + 1;
    if (out.edns || !at_root || !options_are_whole(record->rdata_in(message))) return Flaw::broken;
    out.edns = edns_of(*record);
  }
  return records.broken() ? Flaw::broken : Flaw::none;
}

}  // namespace

std::optional<Header> read_header(Bytes message) {
  if (message.size() < kHeaderBytes) return std::nullopt;
  Header header{get16(message, 0), get16(message, 2), {}};
  for (std::size_t i = 0; i < 4; ++i) header.counts[i] = get16(message, 4 + 2 * i);
  return header;
}

void write_header(std::span<std::uint8_t, kHeaderBytes> out, const Header& header) {
  const std::array<std::uint16_t, 6> words{header.id,        header.flags,     header.counts[0],
                                           header.counts[1], header.counts[2], header.counts[3]};
  for (std::size_t i = 0; i < words.size(); ++i) {
    out[2 * i] = static_cast<std::uint8_t>(words[i] >> 8);
    out[2 * i + 1] = static_cast<std::uint8_t>(words[i] & 0xff);
  }
}

RecordCursor::RecordCursor(Bytes message) : message_{message} {
  const auto header = read_header(message);
  broken_ = !header;
  if (broken_) return;
  header_ = *header;
  for (std::uint16_t i = 0; i < header_.count(Section::question) && !broken_; ++i) {
    const auto end = skip_name(message_, at_);
    broken_ = !end || message_.size() - *end < 4;
    if (!broken_) at_ = *end + 4;
  }
}

std::optional<RecordView> RecordCursor::next() {
  if (broken_) return std::nullopt;
  while (section_ < header_.counts.size() && seen_ == header_.counts[section_]) {
    ++section_;
    seen_ = 0;
  }
  if (section_ == header_.counts.size()) return std::nullopt;
  auto record = read_record(message_, at_);
  broken_ = !record;
  if (broken_) return std::nullopt;
  record->section = Section{static_cast<std::uint8_t>(section_)};
  ++seen_;
  at_ = record->end;
  return record;
}

Edns edns_of(const RecordView& opt) {
  Edns edns;
  edns.payload = static_cast<std::uint16_t>(opt.klass);
  edns.extended_rcode = static_cast<std::uint8_t>(opt.ttl >> 24);
  edns.version = static_cast<std::uint8_t>(opt.ttl >> 16 & 0xff);
  edns.dnssec_ok = (opt.ttl & kDoBit) != 0;
  edns.start = opt.owner;
  edns.end = opt.end;
  edns.options = opt.rdata;
  edns.options_size = opt.rdata_size;
  return edns;
}

Rcode full_rcode(const Header& header, const std::optional<Edns>& edns) {
  const unsigned high = edns ? edns->extended_rcode : 0U;
  return Rcode{static_cast<std::uint16_t>(high << 4 | static_cast<unsigned>(header.rcode()))};
}

std::optional<Bytes> edns_option(Bytes message, const Edns& edns, std::uint16_t code) {
  Bytes options = message.subspan(edns.options, edns.options_size);
  while (options.size() >= 4) {
    const std::size_t size = get16(options, 2);
    if (size > options.size() - 4) return std::nullopt;
    if (get16(options, 0) == code) return options.subspan(4, size);
    options = options.subspan(4 + size);
  }
  return std::nullopt;
}

std::optional<Ede> ede_of(Bytes message) {
  ParsedMessage parsed;
  if (parse_message(message, parsed) != Flaw::none || !parsed.edns) return std::nullopt;
  const auto value = edns_option(message, *parsed.edns, kEdeOption);
  if (!value || value->size() < 2) return std::nullopt;
  return Ede{get16(*value, 0)};
}

Flaw parse_message(Bytes message, ParsedMessage& out) {
  const auto header = read_header(message);
  if (!header) return Flaw::too_short;
  out.header = *header;
  out.edns.reset();
  if (header->count(Section::question) != 1) return Flaw::question_count;
  const auto end = read_name(message, kHeaderBytes, out.question.name);
  if (!end || message.size() - *end < 4) return Flaw::broken;
  if (*end - kHeaderBytes != out.question.name.size()) return Flaw::broken;
  out.question.type = Type{get16(message, *end)};
  out.question.klass = Class{get16(message, *end + 2)};
  out.question_end = *end + 4;
  return parse_records(message, out);
}

std::size_t udp_limit(const ParsedMessage& question) {
  if (!question.edns) return limits::dns_udp_bytes_plain;
  return std::max<std::size_t>(question.edns->payload, limits::dns_udp_bytes_plain);
}

std::size_t write_question(std::span<std::uint8_t> out, std::uint16_t id, const Question& question,
                           const QuestionOptions& options) {
  const std::uint16_t flags = options.recursion_desired ? Header::kRd : std::uint16_t{0};
  MessageWriter writer{out, {.id = id, .flags = flags}};
  writer.question(question);
  if (options.edns) writer.opt(options.dnssec_ok, Rcode::noerror);
  return writer.overflowed() ? 0 : writer.finish();
}

MessageWriter::MessageWriter(std::span<std::uint8_t> out, const Header& header)
    : out_{out}, header_{header}, overflowed_{out.size() < kHeaderBytes} {
  header_.counts = {};
}

bool MessageWriter::question(const Question& question) {
  const std::size_t start = size_;
  if (overflowed_ || !put_name(question.name) ||
      !put16(static_cast<std::uint16_t>(question.type)) ||
      !put16(static_cast<std::uint16_t>(question.klass))) {
    return fail(start);
  }
  ++header_.counts[0];
  return true;
}

bool MessageWriter::record(Section section, const Name& owner, Type type, Class klass,
                           std::uint32_t ttl, Bytes rdata) {
  const std::size_t start = size_;
  if (overflowed_ || !put_name(owner) || !put_fixed(type, klass, ttl) || !put(rdata)) {
    return fail(start);
  }
  return end_record(section, start, size_ - rdata.size() - 2);
}

bool MessageWriter::name_record(Section section, const Name& owner, Type type, std::uint32_t ttl,
                                const Name& target) {
  const std::size_t start = size_;
  if (overflowed_ || !put_name(owner) || !put_fixed(type, Class::in, ttl)) return fail(start);
  const std::size_t length_at = size_ - 2;
  return put_name(target) ? end_record(section, start, length_at) : fail(start);
}

bool MessageWriter::soa(const Name& owner, std::uint32_t ttl, const Name& mname, const Name& rname,
                        const std::array<std::uint32_t, 5>& numbers) {
  const std::size_t start = size_;
  if (overflowed_ || !put_name(owner) || !put_fixed(Type::soa, Class::in, ttl)) return fail(start);
  const std::size_t length_at = size_ - 2;
  if (!put_name(mname) || !put_name(rname)) return fail(start);
  for (const std::uint32_t number : numbers) {
    if (!put32(number)) return fail(start);
  }
  return end_record(Section::authority, start, length_at);
}

bool MessageWriter::copy(Bytes message, const RecordView& record) {
  Name owner;
  if (!read_name(message, record.owner, owner)) return false;
  const std::size_t start = size_;
  if (overflowed_ || !put_name(owner) || !put_fixed(record.type, record.klass, record.ttl)) {
    return fail(start);
  }
  const std::size_t length_at = size_ - 2;
  const RdataNames names = names_in_rdata(record.type);
  std::size_t at = record.rdata + names.before;
  if (names.before > record.rdata_size) return fail(start);
  if (!put(message.subspan(record.rdata, names.before))) return fail(start);
  for (std::size_t i = 0; i < names.count; ++i) {
    Name name;
    const auto end = read_name(message, at, name);
    if (!end || *end > record.end || !put_name(name, names.compress)) return fail(start);
    at = *end;
  }
  if (!put(message.subspan(at, record.end - at))) return fail(start);
  return end_record(record.section, start, length_at);
}

void MessageWriter::reserve_opt() {
  constexpr std::size_t kOptWithEde = 17;
  reserved_ = std::min(kOptWithEde, out_.size() - std::min(size_, out_.size()));
}

bool MessageWriter::opt(bool dnssec_ok, Rcode rcode, std::optional<Ede> ede) {
  const std::size_t start = size_;
  const bool room_was_kept = reserved_ > 0;
  reserved_ = 0;
  const auto code = static_cast<std::uint32_t>(rcode);
  header_.flags = static_cast<std::uint16_t>((header_.flags & 0xfff0) | (code & 0xf));
  if ((overflowed_ && !room_was_kept) || !put_name(Name{}) ||
      !put_fixed(Type::opt, Class{static_cast<std::uint16_t>(limits::dns_udp_bytes_max)},
                 (code >> 4) << 24 | (dnssec_ok ? kDoBit : 0))) {
    return fail(start);
  }
  const std::size_t length_at = size_ - 2;
  if (ede && (!put16(kEdeOption) || !put16(2) || !put16(static_cast<std::uint16_t>(*ede)))) {
    return fail(start);
  }
  return end_record(Section::additional, start, length_at);
}

std::size_t MessageWriter::finish() {
  if (out_.size() < kHeaderBytes) return 0;
  write_header(out_.first<kHeaderBytes>(), header_);
  return size_;
}

bool MessageWriter::put(Bytes bytes) {
  if (bytes.size() > out_.size() - reserved_ - size_) return false;
  std::ranges::copy(bytes, out_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += bytes.size();
  return true;
}

bool MessageWriter::put16(std::uint16_t value) {
  const std::array bytes{static_cast<std::uint8_t>(value >> 8),
                         static_cast<std::uint8_t>(value & 0xff)};
  return put(bytes);
}

bool MessageWriter::put32(std::uint32_t value) {
  return put16(static_cast<std::uint16_t>(value >> 16)) &&
         put16(static_cast<std::uint16_t>(value & 0xffff));
}

bool MessageWriter::put_name(const Name& name, bool compress) {
  Bytes tail = name.wire();
  while (tail.front() != 0) {
    if (const auto earlier = compress ? find_tail(tail) : std::nullopt) {
      return put16(static_cast<std::uint16_t>(0xc000 | *earlier));
    }
    const std::size_t at = size_;
    const std::size_t label = tail.front() + std::size_t{1};
    if (!put(tail.first(label))) return false;
    if (tail_count_ < tails_.size() && at < 0x4000) {
      tails_[tail_count_++] = static_cast<std::uint16_t>(at);
    }
    tail = tail.subspan(label);
  }
  return put(tail);
}

// RDLENGTH is zero until end_record() knows it.
bool MessageWriter::put_fixed(Type type, Class klass, std::uint32_t ttl) {
  return put16(static_cast<std::uint16_t>(type)) && put16(static_cast<std::uint16_t>(klass)) &&
         put32(ttl) && put16(0);
}

bool MessageWriter::end_record(Section section, std::size_t start, std::size_t length_at) {
  const std::size_t length = size_ - length_at - 2;
  if (length > 0xffff) return fail(start);
  out_[length_at] = static_cast<std::uint8_t>(length >> 8);
  out_[length_at + 1] = static_cast<std::uint8_t>(length & 0xff);
  ++header_.counts[static_cast<std::size_t>(section)];
  return true;
}

bool MessageWriter::fail(std::size_t back_to) {
  overflowed_ = true;
  size_ = back_to;
  while (tail_count_ > 0 && tails_[tail_count_ - 1] >= back_to) --tail_count_;
  return false;
}

std::optional<std::uint16_t> MessageWriter::find_tail(Bytes tail) const {
  for (std::size_t i = 0; i < tail_count_; ++i) {
    Name known;
    const auto end = read_name(out_.first(size_), tails_[i], known);
    if (end && std::ranges::equal(known.wire(), tail)) return tails_[i];
  }
  return std::nullopt;
}

}  // namespace blackstart::dns
