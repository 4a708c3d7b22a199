#include "dns/reply.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "dns/edit.h"

namespace blackstart::dns {
namespace {

constexpr std::size_t kOptBytes = 11;
constexpr std::size_t kEdeBytes = 6;
constexpr std::uint16_t kPointer = 0xc000;
constexpr std::uint16_t kEchoed = 0x7800 | Header::kRd | Header::kCd;  // with the opcode

void set16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value & 0xff);
}

void set32(std::uint8_t* at, std::uint32_t value) {
  set16(at, static_cast<std::uint16_t>(value >> 16));
  set16(at + 2, static_cast<std::uint16_t>(value & 0xffff));
}

// ns1.ZONE hostmaster.ZONE 1 3600 600 86400 MINIMUM, the zones and the minimum still open.
constexpr std::array<std::uint8_t, 39> kSoaRdata{
    3, 'n', 's', '1', 0, 0,  10,   'h', 'o', 's', 't',  'm', 'a', 's', 't',  'e', 'r', 0, 0, 0,
    0, 0,   1,   0,   0, 14, 0x10, 0,   0,   2,   0x58, 0,   1,   81,  0x80, 0,   0,   0, 0};
constexpr std::size_t kSoaMnameZone = 4, kSoaRnameZone = 17, kSoaMinimum = 35;

}  // namespace

ReplyWriter::ReplyWriter(Bytes question, const ParsedMessage& parsed, std::span<std::uint8_t> out,
                         std::size_t limit)
    : out_{out},
      limit_{std::min(limit, out.size())},
      question_end_{parsed.question_end},
      size_{parsed.question_end},
      id_{parsed.header.id},
      flags_{
          static_cast<std::uint16_t>((parsed.header.flags & kEchoed) | Header::kQr | Header::kRa)},
      edns_{parsed.edns.has_value()},
      dnssec_ok_{parsed.edns && parsed.edns->dnssec_ok} {
  limit_ -= std::min(limit_, opt_size());
  if (question_end_ <= limit_) std::memcpy(out_.data(), question.data(), question_end_);
}

void ReplyWriter::set_ede(Ede ede) {
  if (!edns_ || ede_) return;
  ede_ = ede;
  limit_ -= std::min(limit_, kEdeBytes);
}

std::uint16_t ReplyWriter::name_at(std::size_t skip) const {
  std::size_t at = kHeaderBytes;
  for (; skip > 0 && out_[at] != 0; --skip) at += out_[at] + std::size_t{1};
  return static_cast<std::uint16_t>(at);
}

void ReplyWriter::answer(std::uint16_t owner, Type type, std::uint32_t ttl, Bytes rdata) {
  if (put_record(owner, type, ttl, rdata)) ++answers_;
}

void ReplyWriter::soa(std::size_t skip, std::uint32_t ttl) {
  if (question_end_ > limit_) return;
  auto rdata = kSoaRdata;
  const std::uint16_t zone = name_at(skip);
  set16(rdata.data() + kSoaMnameZone, kPointer | zone);
  set16(rdata.data() + kSoaRnameZone, kPointer | zone);
  set32(rdata.data() + kSoaMinimum, ttl);
  if (put_record(zone, Type::soa, ttl, rdata)) ++authorities_;
}

void ReplyWriter::records_of(Bytes answer, std::uint32_t ttl) {
  const Bytes records = answer.subspan(question_end_);
  if (truncated_ || size_ != question_end_ || size_ + records.size() > limit_) {
    truncated_ = true;
    return;
  }
  const Header header = *read_header(answer);
  answers_ = header.count(Section::answer);
  authorities_ = header.count(Section::authority);
  additionals_ = header.count(Section::additional);
  std::ranges::copy(records, out_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += records.size();
  write_header(out_.first<kHeaderBytes>(), header);  // its counts guide the walk below
  cap_ttls(out_.first(size_), ttl);
}

std::size_t ReplyWriter::finish() {
  if (question_end_ > limit_) return 0;
  if (truncated_) {
    set_flag(Header::kTc);
    answers_ = authorities_ = additionals_ = 0;
    size_ = question_end_;
  }
  const auto low = static_cast<std::uint16_t>(static_cast<unsigned>(rcode_) & 0xf);
  const auto additional = static_cast<std::uint16_t>(additionals_ + (edns_ ? 1 : 0));
  write_header(
      out_.first<kHeaderBytes>(),
      {id_, static_cast<std::uint16_t>(flags_ | low), {1, answers_, authorities_, additional}});
  if (edns_) put_opt();
  return size_;
}

bool ReplyWriter::put_record(std::uint16_t owner, Type type, std::uint32_t ttl, Bytes rdata) {
  constexpr std::size_t kBefore = 12;  // a pointer, then type, class, TTL, RDLENGTH
  if (truncated_ || size_ + kBefore + rdata.size() > limit_) {
    truncated_ = true;
    return false;
  }
  std::uint8_t* at = out_.data() + size_;
  set16(at, kPointer | owner);
  set16(at + 2, static_cast<std::uint16_t>(type));
  set16(at + 4, static_cast<std::uint16_t>(Class::in));
  set32(at + 6, ttl);
  set16(at + 10, static_cast<std::uint16_t>(rdata.size()));
  std::memcpy(at + kBefore, rdata.data(), rdata.size());
  size_ += kBefore + rdata.size();
  return true;
}

// The room for it was set aside: `limit_` is without it.
void ReplyWriter::put_opt() {
  constexpr std::uint8_t kVersion = 0;
  std::uint8_t* at = out_.data() + size_;
  at[0] = 0;
  set16(at + 1, static_cast<std::uint16_t>(Type::opt));
  set16(at + 3, static_cast<std::uint16_t>(limits::dns_udp_bytes_max));
  at[5] = static_cast<std::uint8_t>(static_cast<unsigned>(rcode_) >> 4);
  at[6] = kVersion;
  set16(at + 7, dnssec_ok_ ? 0x8000 : 0);
  set16(at + 9, static_cast<std::uint16_t>(ede_ ? kEdeBytes : 0));
  size_ += kOptBytes;
  if (!ede_) return;
  set16(at + 11, 15);  // the option's code (RFC 8914, 2)
  set16(at + 13, 2);
  set16(at + 15, static_cast<std::uint16_t>(*ede_));
  size_ += kEdeBytes;
}

std::size_t ReplyWriter::opt_size() const { return edns_ ? kOptBytes : 0; }

}  // namespace blackstart::dns
