#include "api/path.h"

#include <algorithm>
#include <charconv>

namespace blackstart::api {
namespace {

std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      out += text[at];
      continue;
    }
    unsigned value = 0;
    const auto digits = text.substr(at + 1, 2);
    const auto end = std::from_chars(digits.begin(), digits.end(), value, 16);
    if (digits.size() != 2 || end.ptr != digits.end()) return std::nullopt;
    out += static_cast<char>(value);
    at += 2;
  }
  return out;
}

// Up to the next slash, which is taken as well.
std::string_view take_segment(std::string_view& rest) {
  const auto end = std::min(rest.find('/'), rest.size());
  const auto segment = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return segment;
}

}  // namespace

std::optional<std::string> path_of(std::string_view target) {
  target = target.substr(0, target.find('?'));
  if (const auto authority = target.find("://"); !target.starts_with('/')) {
    if (authority == target.npos) return std::nullopt;
    target.remove_prefix(authority + 3);
    target.remove_prefix(std::min(target.find('/'), target.size()));
    if (target.empty()) return "/";
  }
  return decoded(target);
}

std::string cleaned(std::string_view path) {
  std::vector<std::string_view> kept;
  for (std::string_view rest = path; !rest.empty();) {
    const auto segment = take_segment(rest);
    if (segment == ".." && !kept.empty()) kept.pop_back();
    if (!segment.empty() && segment != "." && segment != "..") kept.push_back(segment);
  }
  std::string out;
  for (const auto segment : kept) out.append("/").append(segment);
  if (out.empty() || path.ends_with('/')) out += '/';
  return out;
}

std::string percent_encoded(std::string_view path) {
  constexpr std::string_view kPlain = "/-_.~:@!$&'()*+,;=", kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : path) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter || kPlain.find(c) != kPlain.npos) {
      out += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out += {'%', kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return out;
}

std::optional<std::vector<std::string>> match(std::string_view pattern, std::string_view path) {
  if (std::ranges::count(pattern, '/') != std::ranges::count(path, '/')) return std::nullopt;
  std::vector<std::string> found;
  while (!pattern.empty() || !path.empty()) {
    const auto expected = take_segment(pattern), segment = take_segment(path);
    if (expected == "*" && !segment.empty()) {
      found.emplace_back(segment);
    } else if (expected != segment) {
      return std::nullopt;
    }
  }
  return found;
}

}  // namespace blackstart::api
