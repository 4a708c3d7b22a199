#include "zone_answer.h"

#include <arpa/inet.h>

#include <stdexcept>

#include "dns/edit.h"
#include "dns/reply.h"

namespace wallet {
namespace {

namespace dns = blackstart::dns;

// Short, as names that move between machines have it: caches forget an outage quickly.
constexpr std::uint32_t kTtl = 5;

}  // namespace

ZoneRecord parse_zone_record(std::string_view text) {
  const std::size_t equals = text.find('=');
  const auto name = dns::Name::from_text(text.substr(0, equals));
  ZoneRecord record;
  const std::string address{equals == std::string_view::npos ? "" : text.substr(equals + 1)};
  if (!name || ::inet_pton(AF_INET, address.c_str(), record.address.data()) != 1) {
    throw std::runtime_error{"--record " + std::string{text} + " is not NAME=ADDRESS"};
  }
  record.name = *name;
  return record;
}

std::size_t Zone::answer(dns::Bytes question, std::size_t limit,
                         std::span<std::uint8_t> out) const {
  dns::ParsedMessage parsed;
  const dns::Flaw flaw = dns::parse_message(question, parsed);
  if (flaw == dns::Flaw::too_short || parsed.header.has(dns::Header::kQr)) return 0;
  if (flaw != dns::Flaw::none) return dns::write_error(question, dns::Rcode::formerr, {}, out);
  if (parsed.header.opcode() != dns::Opcode::query) {
    return dns::write_error(question, dns::Rcode::notimp, {}, out);
  }

  dns::ReplyWriter reply{question, parsed, out, limit == 0 ? dns::udp_limit(parsed) : limit};
  reply.set_flag(dns::Header::kAa);
  reply.clear_flag(dns::Header::kRa);
  bool known = false, answered = false;
  for (const ZoneRecord& record : records_) {
    if (!dns::same_name(record.name, parsed.question.name)) continue;
    known = true;
    if (parsed.question.type != dns::Type::a && parsed.question.type != dns::Type::any) continue;
    reply.answer(reply.name_at(0), dns::Type::a, kTtl, record.address);
    answered = true;
  }
  if (!known) reply.set_rcode(dns::Rcode::nxdomain);
  if (!answered) reply.soa(parsed.question.name.label_count(), kTtl);
  return reply.finish();
}

}  // namespace wallet
