#pragma once

// The TCP sockets that clients connect to.

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <unordered_set>

#include "serve/tcp_session.h"
#include "sys/fd.h"

namespace blackstart {

// Accepts up to a number of connections at a time; more are accepted and reset, so their
// clients know at once. Must be owned by a shared_ptr; stop() before letting go of it.
class TcpFront : public std::enable_shared_from_this<TcpFront> {
 public:
  using OnQuestion = std::function<void(const std::shared_ptr<TcpSession>&, dns::Bytes)>;

  // Adds each refused connection to `overflowed`.
  TcpFront(boost::asio::io_context& io, const TcpSession::Limits& limits,
           std::size_t connections_max, const Clock& clock, std::uint64_t& overflowed,
           OnQuestion on_question);

  void listen_on(UniqueFd socket, bool v6);
  void stop();
  void close_idle();

 private:
  using Acceptor = boost::asio::ip::tcp::acceptor;

  void wait_for_client(Acceptor& acceptor);
  void admit(boost::asio::ip::tcp::socket client);
  void retry_later(Acceptor& acceptor);

  boost::asio::io_context& io_;
  TcpSession::Limits limits_;
  std::size_t connections_max_;
  const Clock& clock_;
  std::uint64_t& overflowed_;
  OnQuestion on_question_;
  std::list<Acceptor> acceptors_;
  boost::asio::steady_timer retry_;
  std::unordered_set<std::shared_ptr<TcpSession>> sessions_;
};

}  // namespace blackstart
