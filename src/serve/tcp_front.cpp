#include "serve/tcp_front.h"

#include <chrono>
#include <utility>
#include <vector>

namespace blackstart {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Accepting fails when descriptors run out, and would fail again at once.
constexpr std::chrono::milliseconds kAcceptPause{100};

void reset(tcp::socket client) {
  boost::system::error_code ignored;
  client.set_option(asio::socket_base::linger{true, 0}, ignored);
  client.close(ignored);
}

}  // namespace

TcpFront::TcpFront(asio::io_context& io, const TcpSession::Limits& limits,
                   std::size_t connections_max, const Clock& clock, std::uint64_t& overflowed,
                   OnQuestion on_question)
    : io_{io},
      limits_{limits},
      connections_max_{connections_max},
      clock_{clock},
      overflowed_{overflowed},
      on_question_{std::move(on_question)},
      retry_{io} {}

void TcpFront::listen_on(UniqueFd socket, bool v6) {
  Acceptor& acceptor = acceptors_.emplace_back(io_, v6 ? tcp::v6() : tcp::v4(), socket.get());
  (void)socket.release();
  wait_for_client(acceptor);
}

void TcpFront::stop() {
  acceptors_.clear();
  retry_.cancel();
  for (const auto& session : std::exchange(sessions_, {})) session->stop();
}

void TcpFront::close_idle() {
  const std::vector<std::shared_ptr<TcpSession>> all{sessions_.begin(), sessions_.end()};
  for (const auto& session : all) {
    if (session->idle()) session->close();
  }
}

void TcpFront::wait_for_client(Acceptor& acceptor) {
  acceptor.async_accept([weak = weak_from_this(), &acceptor](
                            const boost::system::error_code& failed, tcp::socket client) {
    const auto self = weak.lock();
    if (!self || failed == asio::error::operation_aborted || self->acceptors_.empty()) return;
    if (failed) return self->retry_later(acceptor);
    self->admit(std::move(client));
    self->wait_for_client(acceptor);
  });
}

void TcpFront::retry_later(Acceptor& acceptor) {
  retry_.expires_after(kAcceptPause);
  retry_.async_wait([weak = weak_from_this(), &acceptor](const boost::system::error_code&) {
    const auto self = weak.lock();
    if (self && !self->acceptors_.empty()) self->wait_for_client(acceptor);
  });
}

void TcpFront::admit(tcp::socket client) {
  if (sessions_.size() >= connections_max_) {
    ++overflowed_;
    return reset(std::move(client));
  }
  const auto forget = [weak = weak_from_this()](const std::shared_ptr<TcpSession>& session) {
    if (const auto self = weak.lock()) self->sessions_.erase(session);
  };
  const auto session = std::make_shared<TcpSession>(std::move(client), limits_, clock_,
                                                    TcpSession::Hooks{on_question_, forget});
  sessions_.insert(session);
  session->start();
}

}  // namespace blackstart
