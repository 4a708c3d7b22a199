#include "dns/record.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

#include "dns/rdata.h"

namespace blackstart::dns {
namespace {

// One row per record type. `form` has a letter for each field of its data, in order, as the
// text has them:
//   4 6  an address        n  a name          1 2  a number of 8 or 16 bits
//   t    a duration or serial of 32 bits      s    character strings to the end
//   p    SVCB parameters to the end           w    a name written out, without pointers
// A new type is one more row; without a row it travels untouched and prints as RFC 3597.
struct Row {
  Type type;
  std::string_view name;
  std::string_view form;
};

constexpr std::array kRows{
    Row{Type::a, "A", "4"},           Row{Type::aaaa, "AAAA", "6"},
    Row{Type::cname, "CNAME", "n"},   Row{Type::ns, "NS", "n"},
    Row{Type::soa, "SOA", "nnttttt"}, Row{Type::ptr, "PTR", "n"},
    Row{Type::mx, "MX", "2n"},        Row{Type::txt, "TXT", "s"},
    Row{Type::srv, "SRV", "222n"},    Row{Type::svcb, "SVCB", "2wp"},
    Row{Type::https, "HTTPS", "2wp"}, Row{Type::opt, "OPT", ""},
    Row{Type::any, "ANY", ""},
};

struct CodeName {
  std::uint16_t code;
  std::string_view name;
};

constexpr std::array kRcodes{
    CodeName{0, "NOERROR"},    CodeName{1, "FORMERR"},  CodeName{2, "SERVFAIL"},
    CodeName{3, "NXDOMAIN"},   CodeName{4, "NOTIMP"},   CodeName{5, "REFUSED"},
    CodeName{6, "YXDOMAIN"},   CodeName{7, "YXRRSET"},  CodeName{8, "NXRRSET"},
    CodeName{9, "NOTAUTH"},    CodeName{10, "NOTZONE"}, CodeName{16, "BADVERS"},
    CodeName{23, "BADCOOKIE"},
};

// RFC 8914, 5.2.
constexpr std::array<std::string_view, 25> kEdes{
    "other",
    "unsupported DNSKEY algorithm",
    "unsupported DS digest type",
    "stale answer",
    "forged answer",
    "DNSSEC indeterminate",
    "DNSSEC bogus",
    "signature expired",
    "signature not yet valid",
    "DNSKEY missing",
    "RRSIGs missing",
    "no zone key bit set",
    "NSEC missing",
    "cached error",
    "not ready",
    "blocked",
    "censored",
    "filtered",
    "prohibited",
    "stale NXDOMAIN answer",
    "not authoritative",
    "not supported",
    "no reachable authority",
    "network error",
    "invalid data",
};

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 0x20) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, upper, upper);
}

const Row* row_of(Type type) {
  const auto found = std::ranges::find(kRows, type, &Row::type);
  return found == kRows.end() ? nullptr : &*found;
}

std::optional<std::uint16_t> number_after(std::string_view prefix, std::string_view text) {
  if (text.size() <= prefix.size() || !same_word(text.substr(0, prefix.size()), prefix)) {
    return std::nullopt;
  }
  const auto number = parse_number_field(text.substr(prefix.size()), 0xffff);
  if (!number) return std::nullopt;
  return static_cast<std::uint16_t>(*number);
}

std::string unknown_text(Bytes rdata) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out = "\\# " + std::to_string(rdata.size());
  if (!rdata.empty()) out += ' ';
  for (const std::uint8_t byte : rdata) {
    out += kHex[byte >> 4];
    out += kHex[byte & 0xf];
  }
  return out;
}

std::optional<std::uint8_t> hex_digit(char c) {
  if (c >= '0' && c <= '9') return static_cast<std::uint8_t>(c - '0');
  c = upper(c);
  if (c >= 'A' && c <= 'F') return static_cast<std::uint8_t>(c - 'A' + 10);
  return std::nullopt;
}

// What follows `\#`: the size, then hex in any grouping (RFC 3597, 5).
std::optional<std::vector<std::uint8_t>> unknown_from_text(std::string_view text) {
  const auto size = parse_number_field(take_word(text), 0xffff);
  if (!size) return std::nullopt;
  std::vector<std::uint8_t> out;
  bool half = false;
  std::uint8_t high = 0;
  for (const char c : text) {
    if (c == ' ' || c == '\t') continue;
    const auto digit = hex_digit(c);
    if (!digit) return std::nullopt;
    if (half) out.push_back(static_cast<std::uint8_t>(high << 4 | *digit));
    high = *digit;
    half = !half;
  }
  if (half || out.size() != *size) return std::nullopt;
  return out;
}

}  // namespace

std::string type_text(Type type) {
  const Row* row = row_of(type);
  return row ? std::string{row->name} : "TYPE" + std::to_string(static_cast<unsigned>(type));
}

std::optional<Type> type_from_text(std::string_view text) {
  for (const Row& row : kRows) {
    if (same_word(row.name, text)) return row.type;
  }
  const auto number = number_after("TYPE", text);
  return number ? std::optional{Type{*number}} : std::nullopt;
}

std::string rcode_text(Rcode rcode) {
  const auto found = std::ranges::find(kRcodes, static_cast<std::uint16_t>(rcode), &CodeName::code);
  if (found != kRcodes.end()) return std::string{found->name};
  return "RCODE" + std::to_string(static_cast<unsigned>(rcode));
}

std::optional<Rcode> rcode_from_text(std::string_view text) {
  for (const CodeName& row : kRcodes) {
    if (same_word(row.name, text)) return Rcode{row.code};
  }
  const auto number = number_after("RCODE", text);
  return number && *number < 0x1000 ? std::optional{Rcode{*number}} : std::nullopt;
}

std::string ede_text(Ede code) {
  const auto number = static_cast<std::size_t>(code);
  if (number >= kEdes.size()) return std::to_string(number);
  return std::to_string(number) + " (" + std::string{kEdes[number]} + ")";
}

std::string rdata_text(Bytes message, const RecordView& record) {
  const Row* row = row_of(record.type);
  if (row && !row->form.empty()) {
    if (auto text = print_fields(row->form, message, record)) return *text;
  }
  return unknown_text(record.rdata_in(message));
}

std::string record_text(Bytes message, const RecordView& record) {
  Name owner;
  const std::string name = read_name(message, record.owner, owner) ? owner.text() : "?";
  const std::string klass = record.klass == Class::in
                                ? "IN"
                                : "CLASS" + std::to_string(static_cast<unsigned>(record.klass));
  return name + ' ' + std::to_string(record.ttl) + ' ' + klass + ' ' + type_text(record.type) +
         ' ' + rdata_text(message, record);
}

std::optional<std::vector<std::uint8_t>> rdata_from_text(Type type, std::string_view text) {
  std::string_view rest = text;
  if (take_word(rest) == "\\#") return unknown_from_text(rest);
  const Row* row = row_of(type);
  if (!row || row->form.empty()) return std::nullopt;
  return parse_fields(row->form, text);
}

}  // namespace blackstart::dns
