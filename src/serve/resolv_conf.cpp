#include "serve/resolv_conf.h"

#include <algorithm>
#include <optional>
#include <string>

#include "core/stub_config.h"
#include "sys/text_file.h"

namespace blackstart {
namespace {

bool is_stub(const Nameserver& server) {
  const Address& address = server.endpoint.address;
  return address == Address{false, {127, 0, 0, 53}} || address == Address{false, {127, 0, 0, 54}};
}

}  // namespace

bool is_resolved_stub(const std::vector<Nameserver>& servers) {
  return !servers.empty() && std::ranges::all_of(servers, is_stub);
}

std::vector<Nameserver> machine_nameservers(std::string_view root) {
  const std::string base{root};
  const auto servers = parse_stub_config(read_text(base + "/etc/resolv.conf").value_or("")).servers;
  if (!is_resolved_stub(servers)) return servers;
  const auto behind = read_text(base + "/run/systemd/resolve/resolv.conf");
  return behind ? parse_stub_config(*behind).servers : servers;
}

}  // namespace blackstart
