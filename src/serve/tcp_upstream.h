#pragma once

// Forwarding by TCP: one connection upstream for each question.

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_set>
#include <vector>

#include "serve/dns_server.h"
#include "serve/random_ids.h"
#include "serve/transaction.h"
#include "serve/udp_upstream.h"

namespace blackstart {

// A server that has not accepted within kUpstreamPatience, or not answered within
// kUpstreamExpiry, counts as silent; one that refuses, resets or closes without an answer as
// refusing. The next one is asked after either. Must be owned by a shared_ptr; stop() before
// letting go of it.
class TcpUpstreams : public std::enable_shared_from_this<TcpUpstreams> {
 public:
  TcpUpstreams(boost::asio::io_context& io, const DnsServerConfig& config,
               std::vector<Nameserver> servers, const UniqueFd& netns, DnsServerCounters& counters,
               UpstreamHooks hooks);

  // Takes a copy of `question`.
  void ask(Transaction transaction, dns::Bytes question);
  void stop();

 private:
  enum class Outcome { answered, refused, silent };
  struct Link;
  using LinkRef = std::shared_ptr<Link>;

  boost::asio::awaitable<void> exchange(Transaction transaction,
                                        std::vector<std::uint8_t> question);
  boost::asio::awaitable<Outcome> try_server(const Nameserver& server, dns::Bytes question,
                                             std::vector<std::uint8_t>& answer);
  boost::asio::awaitable<bool> converse(const LinkRef& link, dns::Bytes question,
                                        std::vector<std::uint8_t>& answer);
  LinkRef open(const Nameserver& server);  // null where that fails

  boost::asio::io_context& io_;
  const DnsServerConfig& config_;
  std::vector<Nameserver> servers_;
  const UniqueFd& netns_;
  DnsServerCounters& counters_;
  UpstreamHooks hooks_;
  RandomIds random_;
  std::unordered_set<LinkRef> links_;
  std::size_t under_way_ = 0;
  bool stopped_ = false;
};

}  // namespace blackstart
