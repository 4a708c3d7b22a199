#pragma once

// DNS messages as bytes (RFC 1035, section 4; EDNS: RFC 6891): reading them in place and
// writing them into a buffer of the caller's. Nothing here allocates.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "blackstart/limits.h"
#include "dns/name.h"

namespace blackstart::dns {

// Open enumerations: any number of the wire is a valid value (Type{65280}).
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  opt = 41,
  svcb = 64,
  https = 65,
  any = 255,
};
enum class Class : std::uint16_t { in = 1, any = 255 };
enum class Opcode : std::uint8_t { query = 0, iquery = 1, status = 2, notify = 4, update = 5 };

// Twelve bits: those above the header's four travel in OPT.
enum class Rcode : std::uint16_t {
  noerror = 0,
  formerr = 1,
  servfail = 2,
  nxdomain = 3,
  notimp = 4,
  refused = 5,
  badvers = 16,
};

// Extended DNS errors (RFC 8914, 5.2).
enum class Ede : std::uint16_t {
  other = 0,
  stale_answer = 3,
  not_ready = 14,
  stale_nxdomain = 19,
  no_reachable_authority = 22,
  network_error = 23,
};

enum class Section : std::uint8_t { question, answer, authority, additional };

inline constexpr std::size_t kHeaderBytes = 12;

// The twelve bytes at the front, in host order.
struct Header {
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::array<std::uint16_t, 4> counts{};  // by Section

  static constexpr std::uint16_t kQr = 0x8000, kAa = 0x0400, kTc = 0x0200, kRd = 0x0100,
                                 kRa = 0x0080, kAd = 0x0020, kCd = 0x0010;

  bool has(std::uint16_t flag) const { return (flags & flag) != 0; }
  Opcode opcode() const { return Opcode{static_cast<std::uint8_t>((flags >> 11) & 0xf)}; }
  Rcode rcode() const { return Rcode{static_cast<std::uint16_t>(flags & 0xf)}; }  // low four bits
  std::uint16_t count(Section section) const { return counts[static_cast<std::size_t>(section)]; }
};

// nullopt for fewer than twelve bytes.
std::optional<Header> read_header(Bytes message);
void write_header(std::span<std::uint8_t, kHeaderBytes> out, const Header& header);

struct Question {
  Name name;  // case as it came
  Type type{};
  Class klass = Class::in;
};

// One record, by where it stands in its message.
struct RecordView {
  Section section{};
  Type type{};
  Class klass{};
  std::uint32_t ttl = 0;
  std::size_t owner = 0;  // offset of its owner's name
  std::size_t fixed = 0;  // offset of its type; the TTL stands at fixed + 4
  std::size_t rdata = 0;  // offset
  std::size_t rdata_size = 0;
  std::size_t end = 0;  // offset after it

  Bytes rdata_in(Bytes message) const { return message.subspan(rdata, rdata_size); }
};

// Walks a message's records in order, whatever their types.
//
//   RecordCursor records{message};
//   while (const auto record = records.next()) …
//   if (records.broken()) …   // it ended before the header's counts said so
class RecordCursor {
 public:
  // Starts after the questions; broken at once where these are.
  explicit RecordCursor(Bytes message);

  std::optional<RecordView> next();
  bool broken() const { return broken_; }
  std::size_t offset() const { return at_; }  // of the next record; at the end, after the last

 private:
  Bytes message_;
  Header header_;
  std::size_t at_ = kHeaderBytes;
  std::size_t section_ = 1;
  std::uint16_t seen_ = 0;  // in this section
  bool broken_ = false;
};

// The OPT record of a message (RFC 6891, 6.1).
struct Edns {
  std::uint16_t payload = 512;      // the UDP size that the sender can take, as written
  std::uint8_t extended_rcode = 0;  // the high eight bits
  std::uint8_t version = 0;
  bool dnssec_ok = false;
  std::size_t start = 0, end = 0;             // of the whole record in its message
  std::size_t options = 0, options_size = 0;  // of its options: code, length, value, …
};

Edns edns_of(const RecordView& opt);

// The full twelve bits of a parsed answer.
Rcode full_rcode(const Header& header, const std::optional<Edns>& edns);

// One EDNS option's value; nullopt where it is absent.
std::optional<Bytes> edns_option(Bytes message, const Edns& edns, std::uint16_t code);

// The EDE code of an answer; nullopt where it has none.
std::optional<Ede> ede_of(Bytes message);

// A message with one question, as servers and clients meet it. Refers to no memory.
struct ParsedMessage {
  Header header;
  Question question;
  std::size_t question_end = 0;  // offset after the question
  std::optional<Edns> edns;
};

// What stands in the way of treating a message as one with one question.
enum class Flaw : std::uint8_t {
  none,
  too_short,       // no header: nothing can be answered to it
  question_count,  // not exactly one question
  broken,          // a malformed name, record or OPT, or two OPTs
};

// Parses header, question and all records' frames, in one pass. `out.header` is set for every
// flaw but too_short. A question's own name must not be compressed (there is nothing before it
// to point at). Bytes after the last record are nobody's business and ignored.
Flaw parse_message(Bytes message, ParsedMessage& out);

// The largest answer that this question's sender takes over UDP: 512 without EDNS, else what
// it announced and no less than 512.
std::size_t udp_limit(const ParsedMessage& question);

// What a client asks, for whoever writes questions.
struct QuestionOptions {
  bool recursion_desired = true;
  bool dnssec_ok = false;  // needs edns
  bool edns = true;        // announces limits::dns_udp_bytes_max
};

// Writes a whole question message; its size, or 0 where `out` is too small.
std::size_t write_question(std::span<std::uint8_t> out, std::uint16_t id, const Question& question,
                           const QuestionOptions& options = {});

// Appends questions and records to a buffer with name compression (RFC 1035, 4.1.4; names
// share a tail only where its case is the same). A record that does not fit is left out whole,
// overflowed() then says so, and nothing more is added. Sections must come in order.
class MessageWriter {
 public:
  // Counts of `header` are ignored.
  MessageWriter(std::span<std::uint8_t> out, const Header& header);

  bool question(const Question& question);

  // Rdata is copied as it is: it must not contain compressed names.
  bool record(Section section, const Name& owner, Type type, Class klass, std::uint32_t ttl,
              Bytes rdata);
  // A record whose rdata is one name (CNAME, NS, PTR), compressed.
  bool name_record(Section section, const Name& owner, Type type, std::uint32_t ttl,
                   const Name& target);
  bool soa(const Name& owner, std::uint32_t ttl, const Name& mname, const Name& rname,
           const std::array<std::uint32_t, 5>& numbers);  // serial … minimum; authority
  // A record of another message, in the section that it has there; names in its data that
  // were compressed are written out or compressed anew. Records of unknown types are copied
  // byte for byte. False (and overflowed()) also where the record is broken.
  bool copy(Bytes message, const RecordView& record);

  // Sets room aside for opt(), which then succeeds even after an overflow.
  void reserve_opt();
  // In the additional section; `ede` adds that option. Payload is limits::dns_udp_bytes_max.
  bool opt(bool dnssec_ok, Rcode rcode, std::optional<Ede> ede = {});

  bool overflowed() const { return overflowed_; }
  void set_flags(std::uint16_t flags) { header_.flags = flags; }

  // Writes the header; the size of the message. 0 where not even the header fits.
  std::size_t finish();

 private:
  bool put(Bytes bytes);
  bool put16(std::uint16_t value);
  bool put32(std::uint32_t value);
  bool put_name(const Name& name, bool compress = true);
  bool put_fixed(Type type, Class klass, std::uint32_t ttl);
  bool end_record(Section section, std::size_t start, std::size_t length_at);
  bool fail(std::size_t back_to);
  std::optional<std::uint16_t> find_tail(Bytes tail) const;

  std::span<std::uint8_t> out_;
  Header header_;
  std::size_t size_ = kHeaderBytes;
  std::size_t reserved_ = 0;  // at the end of out_
  bool overflowed_ = false;
  std::array<std::uint16_t, 64> tails_;  // offsets of names that later ones may point at
  std::size_t tail_count_ = 0;
};

}  // namespace blackstart::dns
