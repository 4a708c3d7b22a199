#include "core/stub_config.h"

#include <algorithm>
#include <optional>
#include <sstream>

#include "blackstart/params.h"

namespace blackstart {
namespace {

constexpr std::size_t kServersMax = 3;  // MAXNS
constexpr std::int64_t kTimeoutMost = 30, kAttemptsMost = 5, kNdotsMost = 15;
constexpr std::uint16_t kDnsPort = 53;

std::vector<std::string> words_of(std::string_view line) {
  std::istringstream in{std::string{line.substr(0, line.find_first_of("#;"))}};
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(std::move(word));
  return words;
}

template <class F>
void for_each_line(std::string_view text, F&& act) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    act(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::string lower(std::string_view text) {
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<Nameserver> parse_server(std::string_view word) {
  const std::size_t percent = word.find('%');
  const auto address = parse_address(word.substr(0, percent));
  if (!address) return std::nullopt;
  if (percent == std::string_view::npos) return Endpoint{*address, kDnsPort};
  if (!address->v6) return std::nullopt;
  return Nameserver{{*address, kDnsPort}, std::string{word.substr(percent + 1)}};
}

std::int64_t option_value(std::string_view option, std::int64_t least, std::int64_t most) {
  const auto value = parse_integer(option.substr(option.find(':') + 1));
  return std::clamp(value.value_or(least), least, most);
}

void apply_option(StubConfig& config, std::string_view option) {
  if (option.starts_with("ndots:")) {
    config.ndots = static_cast<std::size_t>(option_value(option, 0, kNdotsMost));
  } else if (option.starts_with("timeout:")) {
    config.timeout = std::chrono::seconds{option_value(option, 1, kTimeoutMost)};
  } else if (option.starts_with("attempts:")) {
    config.attempts = static_cast<int>(option_value(option, 1, kAttemptsMost));
  }
}

}  // namespace

StubConfig parse_stub_config(std::string_view resolv_conf) {
  StubConfig config;
  for_each_line(resolv_conf, [&](std::string_view line) {
    const std::vector<std::string> words = words_of(line);
    if (words.size() < 2 || !line.starts_with(words[0])) return;
    if (words[0] == "nameserver" && config.servers.size() < kServersMax) {
      if (const auto server = parse_server(words[1])) config.servers.push_back(*server);
    } else if (words[0] == "search" || words[0] == "domain") {
      config.search.assign(words.begin() + 1, words.end());
    } else if (words[0] == "options") {
      for (const std::string& word : words) apply_option(config, word);
    }
  });
  if (config.servers.empty()) config.servers.push_back(*parse_server("127.0.0.1"));
  return config;
}

HostTable parse_host_table(std::string_view hosts) {
  HostTable table;
  for_each_line(hosts, [&](std::string_view line) {
    const std::vector<std::string> words = words_of(line);
    const auto address = words.empty() ? std::nullopt : parse_address(words[0]);
    if (!address) return;
    for (std::size_t i = 1; i < words.size(); ++i) table[lower(words[i])].push_back(*address);
  });
  return table;
}

std::vector<std::string> names_to_ask(const StubConfig& config, std::string_view name) {
  if (name.ends_with('.')) return {std::string{name.substr(0, name.size() - 1)}};
  std::vector<std::string> names;
  for (const std::string& domain : config.search) {
    const std::string bare = domain.substr(domain.starts_with('.') ? 1 : 0);
    if (!bare.empty()) names.push_back(std::string{name} + '.' + bare);
  }
  const auto dots = static_cast<std::size_t>(std::ranges::count(name, '.'));
  names.insert(dots >= config.ndots ? names.begin() : names.end(), std::string{name});
  return names;
}

}  // namespace blackstart
