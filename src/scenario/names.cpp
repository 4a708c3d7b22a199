#include "scenario/names.h"

#include <algorithm>

#include "blackstart/address.h"
#include "blackstart/limits.h"
#include "scenario/hints.h"

namespace blackstart {
namespace {

// As text, without the root's dot: the wire form has a length byte before each label and a zero
// at the end, which is two bytes more.
constexpr std::size_t kNameBytesMax = limits::dns_name_bytes_max - 2;

bool is_ascii(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; });
}

bool is_of_label(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '*';
}

// What the author wrote instead of a name, where that can be told.
std::string hint_for(std::string_view text) {
  if (text.find("://") != std::string_view::npos) return "a name only, without https:// and path";
  if (parse_prefix(text)) return "addresses go under 'cidr'";
  if (text.find(':') != std::string_view::npos) return "a port goes under 'port'";
  return {};
}

std::string mistake_in_labels(std::string_view name) {
  while (true) {
    const std::string_view label = name.substr(0, name.find('.'));
    if (label.empty()) return "has an empty part between its dots";
    if (label.size() > limits::dns_label_bytes_max) return "has a part of more than 63 characters";
    if (label.size() == name.size()) return {};
    name.remove_prefix(label.size() + 1);
  }
}

}  // namespace

DomainName read_domain_name(std::string_view text) {
  DomainName out;
  out.name = text;
  if (out.name.ends_with('.') && out.name.size() > 1) out.name.pop_back();
  std::ranges::transform(out.name, out.name.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  const auto refuse = [&](std::string why, std::string hint) {
    out.wrong = in_quotes(text) + " " + std::move(why);
    out.hint = std::move(hint);
    return out;
  };
  if (out.name.empty()) return refuse("is no domain name", "");
  if (!is_ascii(out.name)) {
    return refuse("is not in ASCII; write the form that DNS sees (its A-label, xn--…)",
                  "`idn2 NAME` prints it");
  }
  if (parse_address(out.name)) return refuse("is an address", "addresses go under 'cidr'");
  const bool fits =
      std::ranges::all_of(out.name, [](char c) { return is_of_label(c) || c == '.'; });
  if (!fits) return refuse("is no domain name", hint_for(text));
  if (out.name.size() > kNameBytesMax) return refuse("is longer than 253 characters", "");
  std::string mistake = mistake_in_labels(out.name);
  if (!mistake.empty()) return refuse(std::move(mistake), "");
  return out;
}

}  // namespace blackstart
