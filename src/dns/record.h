#pragma once

// Record types and codes by name, and record data as text: for the dns probe, for reports,
// and for zones written by hand.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"

namespace blackstart::dns {

// "AAAA"; "TYPE65280" for a number without a row (RFC 3597, 5).
std::string type_text(Type type);
// Any case; also TYPE65280. nullopt for anything else.
std::optional<Type> type_from_text(std::string_view text);

// "NXDOMAIN"; "RCODE24" for a number without a name.
std::string rcode_text(Rcode rcode);
std::optional<Rcode> rcode_from_text(std::string_view text);  // any case

// "22 (no reachable authority)"; the number alone for a code without a name.
std::string ede_text(Ede code);

// The data of one record of a message in zone-file form: "192.0.2.1", "10 mail.example.com".
// A type without a row, and data that its row cannot read, come as RFC 3597 has it:
// `\# 4 c0000201`.
//
// Names in the data may be compressed in the types of RFC 1035, and in SRV: RFC 2782 forbids it,
// but RFC 2052 asked for it, so that RFC 3597, 4 wants receivers to expand it, as systemd-resolved,
// c-ares and Go do (BIND refuses it). In SVCB and HTTPS a pointer is broken data (RFC 9460, 2.2).
std::string rdata_text(Bytes message, const RecordView& record);

// "api.example.com 5 IN A 192.0.2.1".
std::string record_text(Bytes message, const RecordView& record);

// The way round, uncompressed; nullopt where the text is not of that type's form. `\# n hex`
// works for every type. OPT has no text form.
std::optional<std::vector<std::uint8_t>> rdata_from_text(Type type, std::string_view text);

}  // namespace blackstart::dns
