#include "dns/rdata.h"

#include <arpa/inet.h>

#include <array>
#include <charconv>
#include <utility>

namespace blackstart::dns {
namespace {

constexpr bool is_blank(char c) { return c == ' ' || c == '\t'; }

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

std::size_t width_of(char field) {
  switch (field) {
    case '1':
      return 1;
    case '2':
      return 2;
    case 't':
    case '4':
      return 4;
    default:
      return 16;
  }
}

std::string address_text(Bytes bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  ::inet_ntop(family, bytes.data(), text.data(), text.size());
  return text.data();
}

std::string number_text(Bytes bytes) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : bytes) value = value << 8 | byte;
  return std::to_string(value);
}

// Takes one field of fixed width off data[at…end).
std::optional<std::string> take_fixed(char field, Bytes message, std::size_t& at, std::size_t end) {
  const std::size_t width = width_of(field);
  if (end - at < width) return std::nullopt;
  const Bytes bytes = message.subspan(at, width);
  at += width;
  return field == '4' || field == '6' ? address_text(bytes) : number_text(bytes);
}

std::optional<std::string> strings_text(Bytes bytes) {
  std::string out;
  if (bytes.empty()) return std::nullopt;
  while (!bytes.empty()) {
    const std::size_t size = bytes.front();
    if (size >= bytes.size()) return std::nullopt;
    if (!out.empty()) out += ' ';
    out += quote(bytes.subspan(1, size));
    bytes = bytes.subspan(size + 1);
  }
  return out;
}

std::optional<std::string> take_field(char field, Bytes message, std::size_t& at, std::size_t end) {
  if (field == 'n' || field == 'w') {
    Name name;
    const auto after = read_name(message, at, name);
    if (!after || *after > end) return std::nullopt;
    if (field == 'w' && *after - at != name.size()) return std::nullopt;
    at = *after;
    return name.text();
  }
  if (field != 's' && field != 'p') return take_fixed(field, message, at, end);
  const Bytes rest = message.subspan(at, end - at);
  at = end;
  return field == 's' ? strings_text(rest) : svc_params_text(rest);
}

void append_number(std::vector<std::uint8_t>& out, std::uint32_t value, std::size_t width) {
  for (std::size_t i = width; i-- > 0;) {
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i) & 0xff));
  }
}

bool append_address(std::vector<std::uint8_t>& out, std::string_view word, char field) {
  std::array<std::uint8_t, 16> bytes{};
  const std::string text{word};
  if (::inet_pton(field == '4' ? AF_INET : AF_INET6, text.c_str(), bytes.data()) != 1) return false;
  out.insert(out.end(), bytes.begin(),
             bytes.begin() + static_cast<std::ptrdiff_t>(width_of(field)));
  return true;
}

bool append_strings(std::vector<std::uint8_t>& out, std::string_view text) {
  if (text.empty()) return false;
  while (!text.empty()) {
    const auto bytes = unescape(take_word(text));
    if (!bytes || bytes->size() > 255) return false;
    out.push_back(static_cast<std::uint8_t>(bytes->size()));
    out.insert(out.end(), bytes->begin(), bytes->end());
  }
  return true;
}

bool append_field(std::vector<std::uint8_t>& out, char field, std::string_view& text) {
  if (field == 's') return append_strings(out, std::exchange(text, {}));
  if (field == 'p') {
    const auto params = svc_params_from_text(std::exchange(text, {}));
    if (params) out.insert(out.end(), params->begin(), params->end());
    return params.has_value();
  }
  const std::string_view word = take_word(text);
  if (field == '4' || field == '6') return append_address(out, word, field);
  if (field == 'n' || field == 'w') {
    const auto name = word.empty() ? std::nullopt : Name::from_text(word);
    if (name) out.insert(out.end(), name->wire().begin(), name->wire().end());
    return name.has_value();
  }
  const std::size_t width = width_of(field);
  const auto most = static_cast<std::uint32_t>((std::uint64_t{1} << (8 * width)) - 1);
  const auto number = parse_number_field(word, most);
  if (number) append_number(out, *number, width);
  return number.has_value();
}

}  // namespace

std::optional<std::string> print_fields(std::string_view form, Bytes message,
                                        const RecordView& record) {
  std::string out;
  std::size_t at = record.rdata;
  for (const char field : form) {
    const auto text = take_field(field, message, at, record.end);
    if (!text) return std::nullopt;
    if (!out.empty() && !text->empty()) out += ' ';
    out += *text;
  }
  if (at != record.end) return std::nullopt;
  return out;
}

std::optional<std::vector<std::uint8_t>> parse_fields(std::string_view form,
                                                      std::string_view text) {
  std::vector<std::uint8_t> out;
  text = trimmed(text);
  for (const char field : form) {
    if (!append_field(out, field, text)) return std::nullopt;
  }
  if (!text.empty() || out.size() > 0xffff) return std::nullopt;
  return out;
}

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  bool quoted = false;
  std::size_t size = 0;
  for (; size < text.size() && (quoted || !is_blank(text[size])); ++size) {
    if (text[size] == '"') quoted = !quoted;
    if (text[size] == '\\' && size + 1 < text.size()) ++size;
  }
  const std::string_view word = text.substr(0, size);
  text = trimmed(text.substr(size));
  return word;
}

std::optional<std::uint32_t> parse_number_field(std::string_view word, std::uint32_t most) {
  std::uint32_t value = 0;
  const auto [end, failure] = std::from_chars(word.data(), word.data() + word.size(), value);
  if (failure != std::errc{} || end != word.data() + word.size() || value > most) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> unescape(std::string_view word) {
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < word.size(); ++i) {
    if (word[i] == '"') {
      quoted = !quoted;
    } else if (word[i] != '\\') {
      out += word[i];
    } else if (i + 1 == word.size()) {
      return std::nullopt;
    } else if (word[i + 1] < '0' || word[i + 1] > '9') {
      out += word[++i];
    } else {
      const auto value = parse_number_field(word.substr(i + 1, 3), 255);
      if (!value || word.size() - i < 4) return std::nullopt;
      out += static_cast<char>(*value);
      i += 3;
    }
  }
  if (quoted) return std::nullopt;
  return out;
}

std::string quote(Bytes bytes) {
  std::string out{'"'};
  for (const std::uint8_t byte : bytes) {
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += static_cast<char>(byte);
    } else if (byte < 0x20 || byte >= 0x7f) {
      const std::string digits = std::to_string(byte);
      out += '\\' + std::string(3 - digits.size(), '0') + digits;
    } else {
      out += static_cast<char>(byte);
    }
  }
  return out + '"';
}

}  // namespace blackstart::dns
