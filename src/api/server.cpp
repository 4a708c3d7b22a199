#include "api/server.h"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/basic_socket_acceptor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <list>
#include <string>
#include <tuple>
#include <utility>

#include "api/limits.h"
#include "serve/socket.h"
#include "sys/log.h"

namespace blackstart::api {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;
using Generic = asio::generic::stream_protocol;
using Acceptor = asio::basic_socket_acceptor<Generic>;
using Parser = http::request_parser<http::string_body>;

constexpr auto kTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::size_t kFirstRead = 4'096;
constexpr std::chrono::milliseconds kAcceptPause{100};  // where descriptors have run out
constexpr std::chrono::seconds kLinger{2};              // for a client that sends what is refused

int family_of(int fd) {
  sockaddr_storage at{};
  socklen_t length = sizeof at;
  check("getsockname", ::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &length));
  return at.ss_family;
}

bool is_loopback(const Address& address) {
  return address.v6 ? address == *parse_address("::1") : address.bytes[0] == 127;
}

Door door_of(int listener) {
  if (family_of(listener) == AF_UNIX) return Door::unix_socket;
  return is_loopback(local_endpoint(listener).address) ? Door::loopback : Door::network;
}

// Which answer a request gets that cannot be read; 0: none, there is nobody to read it.
int status_of(const error_code& failed) {
  if (failed == http::error::body_limit) return 413;
  if (failed == http::error::header_limit || failed == http::error::buffer_overflow) return 431;
  const bool gone = failed == http::error::end_of_stream || failed == http::error::partial_message;
  return failed.category() == http::make_error_code(http::error::bad_method).category() && !gone
             ? 400
             : 0;
}

HttpAnswer unreadable(int status, const std::string& why) {
  return {status, "text/plain; charset=utf-8", std::to_string(status) + " " + why + "\n", {}};
}

// Waits for nothing. What was sent is read, since closing on it would take the answer away.
void turn_away(Generic::socket& client) {
  error_code ignored;
  client.non_blocking(true, ignored);
  const std::string text = to_wire(unreadable(503, "Too many clients"), false, true);
  client.send(asio::buffer(text), 0, ignored);
  client.shutdown(asio::socket_base::shutdown_send, ignored);
  std::array<char, kFirstRead> unread;
  client.receive(asio::buffer(unread), 0, ignored);
}

HttpRequest request_of(http::request<http::string_body>& message, Door door, std::uint64_t client) {
  HttpRequest request{std::string{message.method_string()},
                      std::string{message.target()},
                      std::move(message.body()),
                      std::string{message[http::field::host]},
                      std::string{message[http::field::user_agent]},
                      std::nullopt,
                      door,
                      client};
  if (const auto origin = message.find(http::field::origin); origin != message.end()) {
    request.origin = std::string{origin->value()};
  }
  return request;
}

}  // namespace

struct Server::State {
  struct Session {
    Session(Generic::socket socket, Door came_by, std::uint64_t number)
        : stream{std::move(socket)}, door{came_by}, client{number} {}

    beast::basic_stream<Generic> stream;
    Door door;
    std::uint64_t client;
    beast::flat_buffer in{};
    bool idle = false;  // waits for the next request
  };

  State(Api& api, const Clock& clock) : api_{api}, clock_{clock} {}

  asio::awaitable<void> accept(Acceptor& acceptor);
  asio::awaitable<void> converse(Session& session);
  asio::awaitable<bool> wait_for_request(Session& session, Duration within);
  asio::awaitable<bool> take_request(Session& session);
  asio::awaitable<bool> answer(Session& session, Parser& parser);
  asio::awaitable<bool> send(Session& session, const std::string& text);
  asio::awaitable<void> refuse(Session& session, const HttpAnswer& answer);
  asio::awaitable<void> watch(StopSignals& stop);

  bool has_room();
  void await_expiry();
  void stop_taking();
  void end_if_done();

  Api& api_;
  const Clock& clock_;
  asio::io_context io_;
  asio::steady_timer expiry_{io_}, drain_{io_};
  std::list<Acceptor> acceptors_;
  std::list<Session> sessions_;
  std::uint64_t clients_ = 0;
  bool stopping_ = false;
};

asio::awaitable<void> Server::State::accept(Acceptor& acceptor) {
  const Door door = door_of(acceptor.native_handle());
  asio::steady_timer pause{io_};
  for (;;) {
    auto [failed, socket] = co_await acceptor.async_accept(kTuple);
    if (stopping_) co_return;
    if (failed) {
      log_warning("cannot take an API client: " + failed.message());
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(kTuple);
      continue;
    }
    if (!has_room()) {
      turn_away(socket);
      continue;
    }
    error_code ignored;
    if (door != Door::unix_socket) socket.set_option(asio::ip::tcp::no_delay{true}, ignored);
    sessions_.emplace_front(std::move(socket), door, ++clients_);
    const auto session = sessions_.begin();
    asio::co_spawn(io_, converse(*session), [this, session](const std::exception_ptr&) {
      api_.let_go(session->client);
      sessions_.erase(session);
      end_if_done();
    });
  }
}

// Where there is none, the oldest client that asks for nothing, and holds nothing, makes it.
bool Server::State::has_room() {
  if (sessions_.size() < limits::api_clients_max) return true;
  const auto oldest = std::find_if(sessions_.rbegin(), sessions_.rend(), [&](const Session& one) {
    return one.idle && !api_.is_holder(one.client);
  });
  if (oldest == sessions_.rend()) return false;
  oldest->idle = false;
  oldest->stream.cancel();
  return true;
}

// (GCC 12 lets no loop end whose condition is `co_await a && co_await b`.)
asio::awaitable<void> Server::State::converse(Session& session) {
  Duration patience = limits::api_read_within;
  while (co_await wait_for_request(session, patience)) {
    if (!co_await take_request(session)) break;
    patience = limits::api_idle_within;
  }
}

asio::awaitable<bool> Server::State::wait_for_request(Session& session, Duration within) {
  if (session.in.size() > 0) co_return true;
  if (stopping_) co_return false;
  session.in = {};  // a large one is not kept over a pause
  session.idle = true;
  session.stream.expires_after(within);
  const auto [ended, size] =
      co_await session.stream.async_read_some(session.in.prepare(kFirstRead), kTuple);
  session.idle = false;
  session.in.commit(size);
  co_return !ended;
}

// False where the connection is to end.
asio::awaitable<bool> Server::State::take_request(Session& session) {
  Parser parser;
  parser.body_limit(limits::api_body_bytes_max);
  parser.header_limit(limits::api_header_bytes_max);
  session.stream.expires_after(limits::api_read_within);
  auto [failed, ignored] =
      co_await http::async_read_header(session.stream, session.in, parser, kTuple);
  const bool asks = beast::iequals(parser.get()[http::field::expect], "100-continue");
  if (!failed && asks && !parser.is_done() && parser.get().version() >= 11) {
    if (!co_await send(session, "HTTP/1.1 100 Continue\r\n\r\n")) co_return false;
    session.stream.expires_after(limits::api_read_within);
  }
  if (!failed && !parser.is_done()) {
    std::tie(failed, ignored) =
        co_await http::async_read(session.stream, session.in, parser, kTuple);
  }
  if (!failed) co_return co_await answer(session, parser);
  const int status = status_of(failed);
  if (status != 0) co_await refuse(session, unreadable(status, failed.message()));
  co_return false;
}

asio::awaitable<bool> Server::State::answer(Session& session, Parser& parser) {
  auto& message = parser.get();
  const auto hosts = message.count(http::field::host);
  if (hosts > 1 || (hosts == 0 && message.version() >= 11)) {
    co_await refuse(session, unreadable(400, "Bad Request: one Host is required"));
    co_return false;
  }
  const bool keep = message.keep_alive() && !stopping_;
  const bool whole = message.method() != http::verb::head;
  const HttpAnswer answer = api_.handle(request_of(message, session.door, session.client));
  await_expiry();
  if (!co_await send(session, to_wire(answer, keep, whole))) co_return false;
  co_return keep;
}

asio::awaitable<bool> Server::State::send(Session& session, const std::string& text) {
  session.stream.expires_after(limits::api_write_within);
  const auto [failed, size] =
      co_await asio::async_write(session.stream, asio::buffer(text), kTuple);
  co_return !failed;
}

// And takes for a while what still comes, since closing on it would take the answer away.
asio::awaitable<void> Server::State::refuse(Session& session, const HttpAnswer& answer) {
  if (!co_await send(session, to_wire(answer, false, true))) co_return;
  error_code ignored;
  session.stream.socket().shutdown(asio::socket_base::shutdown_send, ignored);
  session.stream.expires_after(kLinger);
  session.in.clear();
  for (bool ended = false; !ended;) {
    const auto [failed, size] =
        co_await session.stream.async_read_some(session.in.prepare(kFirstRead), kTuple);
    ended = failed.failed();
  }
}

asio::awaitable<void> Server::State::watch(StopSignals& stop) {
  asio::posix::stream_descriptor signals{io_, ::dup(stop.fd())};
  for (;;) {
    co_await signals.async_wait(asio::posix::stream_descriptor::wait_read, kTuple);
    while (stop.take()) {
    }
    if (stop.taken() > 1) io_.stop();
    if (stop.taken() > 0) stop_taking();
  }
}

void Server::State::await_expiry() {
  const auto next = api_.next_expiry();
  if (!next) {
    expiry_.cancel();
    return;
  }
  expiry_.expires_after(*next - clock_.now());
  expiry_.async_wait([this](const error_code& cancelled) {
    if (cancelled) return;
    api_.expire();
    await_expiry();
  });
}

void Server::State::stop_taking() {
  if (std::exchange(stopping_, true)) return;
  acceptors_.clear();
  for (Session& session : sessions_) {
    if (session.idle) session.stream.cancel();
  }
  drain_.expires_after(limits::api_drain_within);
  drain_.async_wait([this](const error_code&) { io_.stop(); });
  end_if_done();
}

void Server::State::end_if_done() {
  if (stopping_ && sessions_.empty()) io_.stop();
}

Server::Server(Api& api, const Clock& clock) : state_{std::make_unique<State>(api, clock)} {}
Server::~Server() = default;

void Server::serve_on(UniqueFd listener) {
  Acceptor& acceptor = state_->acceptors_.emplace_back(
      state_->io_, Generic{family_of(listener.get()), 0}, listener.get());
  (void)listener.release();
  asio::co_spawn(state_->io_, state_->accept(acceptor), asio::detached);
}

void Server::run(StopSignals& stop) {
  asio::co_spawn(state_->io_, state_->watch(stop), asio::detached);
  state_->await_expiry();
  state_->io_.run();
}

}  // namespace blackstart::api
