#include "dns/faulted_reply.h"

#include <algorithm>
#include <array>

#include "dns/reply.h"

namespace blackstart::dns {
namespace {

constexpr std::size_t kGarbageBytes = 40;
constexpr std::uint16_t kWrongIdBits = 0xa5a5;  // unlikely to meet the asker's other questions

// The zone that a negative answer comes from, as the labels to take off the question's name:
// its last two labels, and above the name itself where that does not exist.
std::size_t labels_above_zone(std::size_t labels, bool name_exists) {
  const std::size_t most = labels - std::min<std::size_t>(labels, name_exists ? 0 : 1);
  return labels - std::min<std::size_t>(most, 2);
}

void write_negative(ReplyWriter& reply, const FaultRule& rule, const Asked& asked, Rcode rcode) {
  reply.set_rcode(rcode);
  if (!rule.soa) return;
  reply.soa(labels_above_zone(asked.key.label_count(), rcode == Rcode::noerror),
            rule.ttl.value_or(kOwnTtl));
}

void write_addresses(ReplyWriter& reply, const std::vector<Address>& addresses, Type type,
                     std::uint32_t ttl) {
  for (const Address& address : addresses) {
    const std::size_t size = address.v6 ? 16 : 4;
    reply.answer(kHeaderBytes, type, ttl, Bytes{address.bytes}.first(size));
  }
}

void write_spoof(ReplyWriter& reply, const FaultRule& rule, const Asked& asked) {
  const std::uint32_t ttl = rule.ttl.value_or(kOwnTtl);
  if (rule.cname) return reply.answer(kHeaderBytes, Type::cname, ttl, rule.cname->wire());
  const bool v4 = asked.asks(Type::a) && !rule.a.empty();
  const bool v6 = asked.asks(Type::aaaa) && !rule.aaaa.empty();
  if (v4) write_addresses(reply, rule.a, Type::a, ttl);
  if (v6) write_addresses(reply, rule.aaaa, Type::aaaa, ttl);
  if (!v4 && !v6) write_negative(reply, rule, asked, Rcode::noerror);
}

// name → loop.name → name; a name too long for another label points at itself.
void write_cname_loop(ReplyWriter& reply, const FaultRule& rule, const Asked& asked) {
  constexpr std::array<std::uint8_t, 7> kThere{4, 'l', 'o', 'o', 'p', 0xc0, kHeaderBytes};
  const Bytes back = Bytes{kThere}.last(2);
  const std::uint32_t ttl = rule.ttl.value_or(kOwnTtl);
  if (asked.parsed.question.name.size() + 5 > limits::dns_name_bytes_max) {
    return reply.answer(kHeaderBytes, Type::cname, ttl, back);
  }
  const auto loop = static_cast<std::uint16_t>(reply.next_rdata());
  reply.answer(kHeaderBytes, Type::cname, ttl, kThere);
  reply.answer(loop, Type::cname, ttl, back);
}

void write_kind(ReplyWriter& reply, AnswerKind kind, const FaultRule& rule, const Asked& asked) {
  switch (kind) {
    case AnswerKind::nodata:
      return write_negative(reply, rule, asked, Rcode::noerror);
    case AnswerKind::wrong_id:
      reply.set_id(asked.parsed.header.id ^ kWrongIdBits);
      return write_negative(reply, rule, asked, Rcode::noerror);
    case AnswerKind::nxdomain:
      return write_negative(reply, rule, asked, Rcode::nxdomain);
    case AnswerKind::servfail:
      reply.set_ede(Ede::no_reachable_authority);
      return reply.set_rcode(Rcode::servfail);
    case AnswerKind::refused:
      return reply.set_rcode(Rcode::refused);
    case AnswerKind::formerr:
      return reply.set_rcode(Rcode::formerr);
    case AnswerKind::notimp:
      return reply.set_rcode(Rcode::notimp);
    case AnswerKind::truncate:
      return reply.set_flag(Header::kTc);
    case AnswerKind::referral:
      return reply.clear_flag(Header::kRa);
    case AnswerKind::cname_loop:
      return write_cname_loop(reply, rule, asked);
    case AnswerKind::spoof:
      return write_spoof(reply, rule, asked);
    case AnswerKind::garbage:
    case AnswerKind::pass:
    case AnswerKind::drop:
    case AnswerKind::stale:
      BS_ASSERT(false);
  }
}

std::size_t write_garbage(std::span<std::uint8_t> out) {
  const std::size_t size = std::min(kGarbageBytes, out.size());
  std::ranges::fill(out.first(size), std::uint8_t{0xff});
  return size;
}

}  // namespace

std::size_t write_faulted(AnswerKind kind, const FaultRule& rule, const Asked& asked) {
  if (kind == AnswerKind::garbage) return write_garbage(asked.reply);
  ReplyWriter reply{asked.bytes, asked.parsed, asked.reply, asked.limit};
  write_kind(reply, kind, rule, asked);
  return reply.finish();
}

}  // namespace blackstart::dns
