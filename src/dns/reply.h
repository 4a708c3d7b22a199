#pragma once

// A reply written behind a copy of its own question: what faulted answers are made of. Names
// in it are pointers into that question, so that writing one costs a few copies of bytes.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dns/message.h"

namespace blackstart::dns {

class ReplyWriter {
 public:
  // The reply to a parsed question: its id, opcode, RD, CD and question bytes, QR and RA; OPT if
  // the question had one. At most `limit` bytes of `out` are used.
  ReplyWriter(Bytes question, const ParsedMessage& parsed, std::span<std::uint8_t> out,
              std::size_t limit);

  void set_rcode(Rcode rcode) { rcode_ = rcode; }
  void set_ede(Ede ede);  // goes out only if the question had OPT
  void set_flag(std::uint16_t flag) { flags_ |= flag; }
  void clear_flag(std::uint16_t flag) { flags_ &= static_cast<std::uint16_t>(~flag); }
  void set_id(std::uint16_t id) { id_ = id; }

  // Offset of the question's name without its first `skip` labels, to point at.
  std::uint16_t name_at(std::size_t skip) const;

  // An answer whose owner is the name at `owner`. What does not fit sets TC at the end.
  void answer(std::uint16_t owner, Type type, std::uint32_t ttl, Bytes rdata);

  // An SOA in authority for the zone that is the question's name without `skip` labels; `ttl`
  // is its TTL and its MINIMUM.
  void soa(std::size_t skip, std::uint32_t ttl);

  // All records of a message whose question has the same length, hence the same pointers, and
  // which has no OPT; TTLs are capped at `ttl`.
  void records_of(Bytes answer, std::uint32_t ttl);

  // The offset at which the next answer's data will start, for pointers into it.
  std::size_t next_rdata() const { return size_ + 12; }

  // Adds OPT and writes the header; the size of the reply. An answer that did not fit goes out
  // as TC with no records. 0 where not even header, question and OPT fit.
  std::size_t finish();

 private:
  bool put_record(std::uint16_t owner, Type type, std::uint32_t ttl, Bytes rdata);
  void put_opt();
  std::size_t opt_size() const;

  std::span<std::uint8_t> out_;
  std::size_t limit_;
  std::size_t question_end_;
  std::size_t size_;
  std::uint16_t id_, flags_;
  std::uint16_t answers_ = 0, authorities_ = 0, additionals_ = 0;
  Rcode rcode_ = Rcode::noerror;
  bool edns_, dnssec_ok_;
  bool truncated_ = false;
  std::optional<Ede> ede_;
};

}  // namespace blackstart::dns
