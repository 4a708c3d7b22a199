#pragma once

// Changes to whole messages, and replies made from a question alone: what a forwarder does to
// what passes through it. All of them are pure; sizes are bytes; 0 where `out` is too small.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "dns/message.h"

namespace blackstart::dns {

// The first two bytes; `message` must have them.
std::uint16_t id_of(Bytes message);
void set_id(std::span<std::uint8_t> message, std::uint16_t id);

// Lowers every TTL above `seconds`, in all sections but never in OPT, whose TTL field is
// flags. False where the message is broken; the TTLs before the break are lowered then.
bool cap_ttls(std::span<std::uint8_t> message, std::uint32_t seconds);

// Makes an answer fit `limit` bytes in place and returns its new size. One that fits is left
// alone. Otherwise TC is set, authority and additional go, whole answer records go from the
// end until the rest fits, question and OPT stay (RFC 6891, 7; RFC 2181, 9). A broken message
// is cut to its header. Never call it for TCP.
std::size_t truncate_for(std::span<std::uint8_t> message, std::size_t limit);

// Removes OPT in place, and what additional records come after it (they may point past it);
// the new size. For a client that sent none.
std::size_t strip_opt(std::span<std::uint8_t> message);

// Whether `answer` may be passed on as the answer to `question`: same id, opcode, type, class
// and name (byte for byte, so a resolver's 0x20 is checked), and QR set. An error that repeats
// no question at all (FORMERR, NOTIMP, SERVFAIL or REFUSED with QDCOUNT 0) is accepted by its
// id alone, because old servers send those.
bool is_answer_to(Bytes question, Bytes answer);

// A reply with no records: id, opcode, RD, CD and question of `question` (bytes as they came),
// QR and RA set, `rcode`, and OPT if and only if the question had one (size 1232, version 0, DO
// as asked; with `ede` where given). A question that cannot be parsed is answered by a bare
// header. 0 also where `question` has no header or is itself an answer.
std::size_t write_error(Bytes question, Rcode rcode, std::optional<Ede> ede,
                        std::span<std::uint8_t> out);

// SERVFAIL as a resolver sends it when its upstream is gone.
std::size_t servfail_for(Bytes question, Ede ede, std::span<std::uint8_t> out);

// For a CNAME that is put in front of a real answer (Plan::alias in dns/answer.h):
// the same question, OPT and all, for `alias` instead of its own name;
std::size_t ask_for_alias(Bytes question, const Name& alias, std::span<std::uint8_t> out);
// and what the client gets: its own question, `name CNAME alias`, then the records that the
// upstream gave for the alias, with its rcode; OPT by the rule of write_error(). Records that
// do not fit `out` are left out and TC is set. A broken upstream answer gives SERVFAIL.
std::size_t answer_through_alias(Bytes question, const Name& alias, std::uint32_t ttl,
                                 Bytes answer_for_alias, std::span<std::uint8_t> out);

}  // namespace blackstart::dns
