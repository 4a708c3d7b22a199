#pragma once

// The embedded resolver of one namespace, with the faults that it answers by.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "blackstart/journal.h"
#include "blackstart/random.h"
#include "blackstart/time.h"
#include "core/nameserver.h"
#include "dns/answer.h"
#include "fault/redirect.h"
#include "serve/dns_server.h"

namespace blackstart {

struct ResolverOptions {
  int netns_fd = -1;  // -1: the caller's
  RunSeed seed;
  std::vector<Nameserver> upstreams;
  std::uint32_t mark = 0;
  bool serve_port_53 = false;
  std::function<void(std::span<const std::uint8_t> answer)> releasing{};  // see DnsServerConfig
};

// Lives on the loop's thread. Throws std::system_error where it cannot listen.
class Resolver {
 public:
  Resolver(boost::asio::io_context& io, const Clock& clock, const ResolverOptions& options,
           std::vector<dns::FaultRule> rules);

  void set_in_force(std::span<const std::uint32_t> entries_in_start_order);

  // Where questions are redirected to.
  DnsPorts ports() const;

  // Adds what the entry did to questions.
  void add_to(Proof& proof) const;

  // See DnsServer::ask().
  void ask(const dns::Question& question, DnsServer::Asked done) {
    server_.ask(question, std::move(done));
  }

  // See DnsServer::close_idle_tcp().
  void close_idle_tcp() { server_.close_idle_tcp(); }

 private:
  dns::FaultTable faults_;
  DnsServer server_;
};

// A forwarder on this machine that is among our upstreams would have its own questions
// redirected to us, which we would forward to it, for ever. What keeps it out of the redirect.
struct LocalForwarder {
  std::optional<std::uint32_t> exempt_uid;
  std::vector<std::string> warnings;
};

// Looks at the sockets of the calling thread's namespace.
LocalForwarder find_local_forwarder(const std::vector<Nameserver>& upstreams);

}  // namespace blackstart
