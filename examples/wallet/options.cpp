#include "options.h"

#include <algorithm>
#include <charconv>
#include <stdexcept>

namespace wallet {

HostPort parse_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  HostPort parsed{.host = std::string{text.substr(0, colon)}};
  if (colon != std::string_view::npos) {
    const std::string_view port = text.substr(colon + 1);
    std::from_chars(port.data(), port.data() + port.size(), parsed.port);
  }
  if (parsed.host.empty() || parsed.port == 0) {
    throw std::runtime_error{"\"" + std::string{text} + "\" is not HOST:PORT"};
  }
  return parsed;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t length = std::min(text.find(separator), text.size());
    parts.emplace_back(text.substr(0, length));
    text.remove_prefix(std::min(length + 1, text.size()));
  }
  return parts;
}

Options::Options(std::span<char* const> arguments) {
  for (std::size_t i = 0; i < arguments.size(); i += 2) {
    const std::string_view key = arguments[i];
    if (!key.starts_with("--") || i + 1 == arguments.size()) {
      throw std::runtime_error{"expected --key value, not " + std::string{key}};
    }
    given_.emplace_back(key.substr(2), arguments[i + 1]);
  }
}

std::string Options::get(std::string_view key, std::string_view otherwise) const {
  const std::vector<std::string> values = all(key);
  return values.empty() ? std::string{otherwise} : values.back();
}

std::string Options::need(std::string_view key) const {
  std::string value = get(key);
  if (value.empty()) throw std::runtime_error{"--" + std::string{key} + " is missing"};
  return value;
}

std::vector<std::string> Options::all(std::string_view key) const {
  std::vector<std::string> values;
  for (const auto& [name, value] : given_) {
    if (name == key) values.push_back(value);
  }
  return values;
}

}  // namespace wallet
