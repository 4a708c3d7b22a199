#include "serve/resolv_conf.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

namespace blackstart {
namespace {

constexpr std::size_t kServersMax = 3;  // MAXNS of <resolv.h>
constexpr std::uint16_t kDnsPort = 53;
constexpr std::string_view kBlank = " \t\r";

// The first word of `text`, which is left with the rest.
std::string_view take_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  const std::string_view word = text.substr(0, text.find_first_of(kBlank));
  text.remove_prefix(word.size());
  return word;
}

std::optional<Nameserver> parse_server(std::string_view word) {
  const std::size_t percent = word.find('%');
  const auto address = parse_address(word.substr(0, percent));
  if (!address) return std::nullopt;
  if (percent == std::string_view::npos) return Endpoint{*address, kDnsPort};
  if (!address->v6) return std::nullopt;
  return Nameserver{{*address, kDnsPort}, std::string{word.substr(percent + 1)}};
}

bool is_stub(const Nameserver& server) {
  const Address& address = server.endpoint.address;
  return address == Address{false, {127, 0, 0, 53}} || address == Address{false, {127, 0, 0, 54}};
}

std::optional<std::string> read_file(const std::string& path) {
  std::ifstream in{path};
  if (!in) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

}  // namespace

std::vector<Nameserver> nameservers_in(std::string_view resolv_conf) {
  std::vector<Nameserver> out;
  while (!resolv_conf.empty() && out.size() < kServersMax) {
    std::string_view line = resolv_conf.substr(0, resolv_conf.find('\n'));
    resolv_conf.remove_prefix(std::min(line.size() + 1, resolv_conf.size()));
    // A keyword that is not at the start of its line is no keyword (resolv.conf(5)).
    if (!line.starts_with("nameserver")) continue;
    if (take_word(line) != "nameserver") continue;
    if (auto server = parse_server(take_word(line))) out.push_back(std::move(*server));
  }
  if (out.empty()) out.emplace_back(Endpoint{{false, {127, 0, 0, 1}}, kDnsPort});
  return out;
}

bool is_resolved_stub(const std::vector<Nameserver>& servers) {
  return !servers.empty() && std::ranges::all_of(servers, is_stub);
}

std::vector<Nameserver> machine_nameservers(std::string_view root) {
  const std::string base{root};
  const auto servers = nameservers_in(read_file(base + "/etc/resolv.conf").value_or(""));
  if (!is_resolved_stub(servers)) return servers;
  const auto behind = read_file(base + "/run/systemd/resolve/resolv.conf");
  return behind ? nameservers_in(*behind) : servers;
}

}  // namespace blackstart
