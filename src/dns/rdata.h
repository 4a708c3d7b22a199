#pragma once

// Record data by fields: the text forms behind dns/record.h, whose table says which fields a
// type has.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "dns/message.h"

namespace blackstart::dns {

// The data of `record` by `form` (letters as in the table of dns/record.cpp), fields apart by
// a blank. nullopt where the data is shorter or longer than the form.
std::optional<std::string> print_fields(std::string_view form, Bytes message,
                                        const RecordView& record);

// The way round.
std::optional<std::vector<std::uint8_t>> parse_fields(std::string_view form, std::string_view text);

// Takes the next word, and the blanks around it, off `text`. A word ends at a blank that no
// quotes enclose and no backslash precedes; quotes and escapes stay in it.
std::string_view take_word(std::string_view& text);

// Digits alone, within 0…most.
std::optional<std::uint32_t> parse_number_field(std::string_view word, std::uint32_t most);

// SVCB and HTTPS parameters (RFC 9460, 2.1): "alpn=h2,h3 port=8443", unknown ones as key667=….
std::optional<std::string> svc_params_text(Bytes params);
std::optional<std::vector<std::uint8_t>> svc_params_from_text(std::string_view text);

// A character string's bytes with escapes taken off, and back in quotes.
std::optional<std::string> unescape(std::string_view word);
std::string quote(Bytes bytes);

}  // namespace blackstart::dns
