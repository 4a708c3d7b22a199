#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <map>

#include "dns/rdata.h"

namespace blackstart::dns {
namespace {

using Value = std::vector<std::uint8_t>;

// RFC 9460, 14.3.2. `form`: k keys, s strings, 2 a port, 4 and 6 addresses, - nothing, x bytes.
struct Param {
  std::uint16_t key;
  std::string_view name;
  char form;
};

constexpr std::array kParams{
    Param{0, "mandatory", 'k'}, Param{1, "alpn", 's'},     Param{2, "no-default-alpn", '-'},
    Param{3, "port", '2'},      Param{4, "ipv4hint", '4'}, Param{6, "ipv6hint", '6'},
};

std::uint16_t get16(Bytes bytes) { return static_cast<std::uint16_t>(bytes[0] << 8 | bytes[1]); }

void append16(Value& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8 & 0xff));
  out.push_back(static_cast<std::uint8_t>(value & 0xff));
}

Param param_of(std::uint16_t key) {
  const auto found = std::ranges::find(kParams, key, &Param::key);
  return found == kParams.end() ? Param{key, {}, 'x'} : *found;
}

std::string key_text(std::uint16_t key) {
  const Param param = param_of(key);
  return param.name.empty() ? "key" + std::to_string(key) : std::string{param.name};
}

std::optional<std::uint16_t> key_from_text(std::string_view text) {
  const auto found = std::ranges::find(kParams, text, &Param::name);
  if (found != kParams.end()) return found->key;
  if (!text.starts_with("key")) return std::nullopt;
  const auto number = parse_number_field(text.substr(3), 0xffff);
  return number ? std::optional{static_cast<std::uint16_t>(*number)} : std::nullopt;
}

// Needs no quotes and no escapes in a list.
bool is_plain(std::uint8_t byte) {
  return byte > ' ' && byte < 0x7f && byte != ',' && byte != '"' && byte != '\\';
}

std::string address_text(Bytes bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

// One item of a list off the front of `value`; nullopt where it is cut short.
std::optional<std::string> take_item(char form, Bytes& value) {
  const std::size_t width = form == 's'   ? value.front() + std::size_t{1}
                            : form == '4' ? 4
                            : form == '6' ? 16
                                          : 2;
  if (width > value.size() || (form == 's' && width == 1)) return std::nullopt;
  const Bytes item = value.first(width);
  value = value.subspan(width);
  if (form == 'k') return key_text(get16(item));
  if (form == '2') return std::to_string(get16(item));
  if (form != 's') return address_text(item);
  if (!std::ranges::all_of(item.subspan(1), is_plain)) return std::nullopt;
  return std::string{item.begin() + 1, item.end()};
}

std::optional<std::string> value_text(char form, Bytes value) {
  if (form == 'x') return quote(value);
  if (form == '-') return std::nullopt;
  if (form == '2' && value.size() != 2) return std::nullopt;
  std::string out;
  while (!value.empty()) {
    const auto item = take_item(form, value);
    if (!item) return std::nullopt;
    if (!out.empty()) out += ',';
    out += *item;
  }
  if (out.empty()) return std::nullopt;
  return out;
}

bool append_item(Value& out, char form, const std::string& item) {
  if (form == 's') {
    if (item.empty() || item.size() > 255) return false;
    out.push_back(static_cast<std::uint8_t>(item.size()));
    out.insert(out.end(), item.begin(), item.end());
    return true;
  }
  if (form == 'k') {
    const auto key = key_from_text(item);
    if (key) append16(out, *key);
    return key.has_value();
  }
  if (form == '2') {
    const auto number = parse_number_field(item, 0xffff);
    if (number) append16(out, *number);
    return number.has_value();
  }
  std::array<std::uint8_t, 16> address{};
  if (::inet_pton(form == '4' ? AF_INET : AF_INET6, item.c_str(), address.data()) != 1)
    return false;
  out.insert(out.end(), address.begin(), address.begin() + (form == '4' ? 4 : 16));
  return true;
}

std::optional<Value> value_from_text(char form, std::string_view text) {
  auto plain = unescape(text);
  if (!plain) return std::nullopt;
  if (form == 'x') return Value{plain->begin(), plain->end()};
  if ((form == '-') != plain->empty()) return std::nullopt;
  Value out;
  std::string_view rest = *plain;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    if (!append_item(out, form, std::string{rest.substr(0, comma)})) return std::nullopt;
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  if (form == '2' && out.size() != 2) return std::nullopt;
  return out;
}

}  // namespace

std::optional<std::string> svc_params_text(Bytes params) {
  std::string out;
  int last_key = -1;
  while (!params.empty()) {
    if (params.size() < 4) return std::nullopt;
    const Param param = param_of(get16(params));
    if (param.key <= last_key) return std::nullopt;  // must ascend (RFC 9460, 2.2)
    last_key = param.key;
    const std::size_t size = get16(params.subspan(2));
    if (size > params.size() - 4) return std::nullopt;
    if (!out.empty()) out += ' ';
    out += key_text(param.key);
    const bool bare = size == 0 && (param.form == '-' || param.form == 'x');
    if (!bare) {
      const auto value = value_text(param.form, params.subspan(4, size));
      if (!value) return std::nullopt;
      out += '=' + *value;
    }
    params = params.subspan(4 + size);
  }
  return out;
}

std::optional<std::vector<std::uint8_t>> svc_params_from_text(std::string_view text) {
  std::map<std::uint16_t, Value> values;  // by key: the wire wants them in that order
  while (!text.empty()) {
    const std::string_view word = take_word(text);
    const std::size_t equals = std::min(word.find('='), word.size());
    const auto key = key_from_text(word.substr(0, equals));
    if (!key) return std::nullopt;
    const auto value =
        value_from_text(param_of(*key).form, word.substr(std::min(equals + 1, word.size())));
    if (!value || !values.emplace(*key, *value).second) return std::nullopt;
  }
  Value out;
  for (const auto& [key, value] : values) {
    append16(out, key);
    append16(out, value.size());
    out.insert(out.end(), value.begin(), value.end());
  }
  return out;
}

}  // namespace blackstart::dns
