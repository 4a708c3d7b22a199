#include "fault/resolver.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "netlink/sock_diag.h"
#include "sys/fd.h"
#include "sys/netns.h"

namespace blackstart {
namespace {

constexpr std::uint16_t kDnsPort = 53;

Address loopback(bool v6) {
  Address address;
  address.v6 = v6;
  if (v6) {
    address.bytes[15] = 1;
  } else {
    address.bytes = {127, 0, 0, 1};
  }
  return address;
}

bool is_loopback(const Address& address) {
  return address.v6 ? address == loopback(true) : address.bytes[0] == 127;
}

bool is_wildcard(const Address& address) {
  return std::ranges::all_of(address.bytes, [](std::uint8_t byte) { return byte == 0; });
}

// Whether the namespace has ::1; without it (disable_ipv6) nobody asks over IPv6 there.
bool has_loopback_v6() {
  const UniqueFd fd{::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)};
  sockaddr_in6 at{};
  at.sin6_family = AF_INET6;
  at.sin6_addr = in6addr_loopback;
  return fd && ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
}

bool in_namespace_has_loopback_v6(int netns_fd) {
  if (netns_fd < 0) return has_loopback_v6();
  const UniqueFd netns{check("dup(netns)", ::dup(netns_fd))};
  const NetnsGuard inside{netns};
  return has_loopback_v6();
}

DnsServerConfig config_of(const ResolverOptions& options) {
  DnsServerConfig config;
  const bool v6 = in_namespace_has_loopback_v6(options.netns_fd);
  config.listen.push_back({loopback(false), 0});
  if (v6) config.listen.push_back({loopback(true), 0});
  if (options.serve_port_53) {
    config.listen.push_back({Address{}, kDnsPort});
    if (v6) config.listen.push_back({Address{.v6 = true, .bytes = {}}, kDnsPort});
  }
  config.upstreams = options.upstreams;
  config.mark = options.mark;
  config.releasing = options.releasing;
  config.netns_fd = options.netns_fd;
  return config;
}

}  // namespace

Resolver::Resolver(boost::asio::io_context& io, const Clock& clock, const ResolverOptions& options,
                   std::vector<dns::FaultRule> rules)
    : faults_{std::move(rules), options.seed}, server_{io, config_of(options), faults_, clock} {}

void Resolver::set_in_force(std::span<const std::uint32_t> entries_in_start_order) {
  faults_.set_in_force(entries_in_start_order);
}

DnsPorts Resolver::ports() const {
  DnsPorts ports;
  for (const Endpoint& at : server_.listening()) {
    if (!is_loopback(at.address)) continue;
    (at.address.v6 ? ports.v6 : ports.v4) = at.port;
  }
  return ports;
}

void Resolver::add_to(Proof& proof) const {
  for (const dns::EntryCounts& counts : faults_.counts()) {
    if (counts.entry != proof.entry) continue;
    proof.questions += counts.questions;
    for (const auto& count : counts.by_what)
      proof.answers[std::string{count.did}] += count.questions;
  }
}

LocalForwarder find_local_forwarder(const std::vector<Nameserver>& upstreams) {
  LocalForwarder out;
  const bool any = std::ranges::any_of(
      upstreams, [](const Nameserver& server) { return is_loopback(server.endpoint.address); });
  if (!any) return out;

  const auto sockets = netlink::SocketDiag{}.list(Protocol::udp);
  for (const Nameserver& server : upstreams) {
    if (!is_loopback(server.endpoint.address)) continue;
    const auto holder = std::ranges::find_if(sockets, [&](const netlink::SocketInfo& socket) {
      return socket.local.port == server.endpoint.port &&
             (socket.local.address == server.endpoint.address || is_wildcard(socket.local.address));
    });
    if (holder == sockets.end()) continue;
    if (holder->uid == 0 || (out.exempt_uid && *out.exempt_uid != holder->uid)) {
      out.warnings.push_back(
          "the resolver at " + to_text(server.endpoint) +
          " runs as root, so its own questions cannot be told from the applications' and come " +
          "back to us; give the run another with --upstream");
    } else {
      out.exempt_uid = holder->uid;
    }
  }
  return out;
}

}  // namespace blackstart
