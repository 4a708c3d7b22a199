#include "serve/tcp_upstream.h"

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <system_error>
#include <utility>

#include "dns/edit.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

constexpr std::size_t kExchangesMax = 512;
constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);

}  // namespace

// A connection and the deadline of what it is doing. Shared with the deadline's handler, which
// may run after the connection's user has gone.
struct TcpUpstreams::Link : std::enable_shared_from_this<Link> {
  Link(asio::io_context& io, tcp::socket s, const SocketAddress& server)
      : socket{std::move(s)}, timer{io} {
    std::copy_n(reinterpret_cast<const std::uint8_t*>(&server.any), server.length,
                reinterpret_cast<std::uint8_t*>(peer.data()));
  }

  // Replaces the deadline before.
  void must_end_within(std::chrono::milliseconds span) {
    const std::uint64_t mine = ++deadline;
    timer.expires_after(span);
    timer.async_wait([link = shared_from_this(), mine](const boost::system::error_code& ended) {
      if (ended || link->deadline != mine) return;
      link->too_late = true;
      boost::system::error_code ignored;
      link->socket.close(ignored);
    });
  }

  void close() {
    ++deadline;
    timer.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
  }

  tcp::socket socket;
  tcp::endpoint peer;
  asio::steady_timer timer;
  std::uint64_t deadline = 0;
  bool too_late = false;
};

TcpUpstreams::TcpUpstreams(asio::io_context& io, const DnsServerConfig& config,
                           std::vector<Nameserver> servers, const UniqueFd& netns,
                           DnsServerCounters& counters, UpstreamHooks hooks)
    : io_{io},
      config_{config},
      servers_{std::move(servers)},
      netns_{netns},
      counters_{counters},
      hooks_{std::move(hooks)} {}

void TcpUpstreams::stop() {
  stopped_ = true;
  hooks_ = {};
  for (const LinkRef& link : links_) link->close();
}

void TcpUpstreams::ask(Transaction transaction, dns::Bytes question) {
  if (under_way_ >= kExchangesMax) {
    ++counters_.overflowed;
    return hooks_.silent(transaction);
  }
  ++under_way_;
  std::vector<std::uint8_t> copy{question.begin(), question.end()};
  asio::co_spawn(
      io_,
      [self = shared_from_this(), t = std::move(transaction), q = std::move(copy)]() mutable {
        return self->exchange(std::move(t), std::move(q));
      },
      asio::detached);
}

asio::awaitable<void> TcpUpstreams::exchange(Transaction transaction,
                                             std::vector<std::uint8_t> question) {
  const std::size_t tries = std::min(servers_.size(), kTriesMax);
  std::vector<std::uint8_t> answer;
  bool any_silent = false;
  for (std::size_t i = 0; i < tries; ++i) {
    dns::set_id(question, random_.next());
    const Outcome outcome = co_await try_server(servers_[i], question, answer);
    if (stopped_) co_return;
    if (outcome == Outcome::answered) {
      --under_way_;
      hooks_.answered(transaction, question, answer);
      hooks_.settled();
      co_return;
    }
    any_silent |= outcome == Outcome::silent;
    ++(outcome == Outcome::silent ? counters_.upstream_silent : counters_.upstream_refused);
  }
  --under_way_;
  if (any_silent) {
    hooks_.silent(transaction);
  } else {
    hooks_.refused(transaction, question);
  }
  hooks_.settled();
}

asio::awaitable<TcpUpstreams::Outcome> TcpUpstreams::try_server(const Nameserver& server,
                                                                dns::Bytes question,
                                                                std::vector<std::uint8_t>& answer) {
  const LinkRef link = open(server);
  if (!link) co_return Outcome::refused;
  links_.insert(link);
  const bool answered = co_await converse(link, question, answer);
  links_.erase(link);
  link->close();
  if (answered) co_return Outcome::answered;
  co_return link->too_late ? Outcome::silent : Outcome::refused;
}

TcpUpstreams::LinkRef TcpUpstreams::open(const Nameserver& server) {
  try {
    const MaybeInNetns inside{netns_};
    UniqueFd fd = open_tcp_for(server, config_.mark);
    tcp::socket socket{io_, server.endpoint.address.v6 ? tcp::v6() : tcp::v4(), fd.get()};
    (void)fd.release();
    return std::make_shared<Link>(io_, std::move(socket),
                                  to_socket_address(server.endpoint, scope_of(server)));
  } catch (const std::system_error&) {
    return nullptr;  // for the question to suffer, as a refusal
  }
}

// True once `answer` holds the answer to `question`.
asio::awaitable<bool> TcpUpstreams::converse(const LinkRef& link, dns::Bytes question,
                                             std::vector<std::uint8_t>& answer) {
  link->must_end_within(kUpstreamPatience);
  if (std::get<0>(co_await link->socket.async_connect(link->peer, kTuple))) co_return false;

  link->must_end_within(kUpstreamExpiry);
  const std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(question.size() >> 8),
                                           static_cast<std::uint8_t>(question.size() & 0xff)};
  const std::array parts{asio::buffer(length), asio::buffer(question.data(), question.size())};
  if (std::get<0>(co_await asio::async_write(link->socket, parts, kTuple))) co_return false;

  for (;;) {
    std::array<std::uint8_t, 2> size{};
    if (std::get<0>(co_await asio::async_read(link->socket, asio::buffer(size), kTuple))) break;
    answer.resize(std::size_t{size[0]} << 8 | size[1]);
    if (std::get<0>(co_await asio::async_read(link->socket, asio::buffer(answer), kTuple))) break;
    if (stopped_) break;
    if (dns::is_answer_to(question, answer)) co_return true;
    ++counters_.upstream_mismatched;
  }
  co_return false;
}

}  // namespace blackstart
