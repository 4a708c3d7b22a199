#include "serve/tcp_session.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>

#include "blackstart/limits.h"
#include "serve/socket.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kLengthBytes = 2;  // before each message (RFC 1035, 4.2.2)
constexpr std::size_t kUnderWayMax = 128;
constexpr std::size_t kUnreadBytesMax = 256 << 10;
constexpr std::size_t kInBytes = kLengthBytes + limits::dns_message_bytes_max;

Address address_of_peer(const asio::ip::tcp::socket& socket) {
  boost::system::error_code gone;
  const auto peer = socket.remote_endpoint(gone);
  Address out;
  out.v6 = peer.address().is_v6();
  if (out.v6) {
    out.bytes = peer.address().to_v6().to_bytes();
  } else {
    std::ranges::copy(peer.address().to_v4().to_bytes(), out.bytes.begin());
  }
  return out;
}

}  // namespace

TcpSession::TcpSession(asio::ip::tcp::socket socket, const Limits& limits, const Clock& clock,
                       Hooks hooks)
    : socket_{std::move(socket)},
      limits_{limits},
      clock_{clock},
      hooks_{std::move(hooks)},
      client_{address_of_peer(socket_)},
      watch_{socket_.get_executor()},
      room_{socket_.get_executor()},
      in_{std::make_unique_for_overwrite<std::uint8_t[]>(kInBytes)},
      active_{clock.now()} {}

void TcpSession::start() {
  boost::system::error_code ignored;
  socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
  asio::co_spawn(
      socket_.get_executor(), [self = shared_from_this()] { return self->read_questions(); },
      asio::detached);
  watch();
}

void TcpSession::stop() {
  hooks_ = {};
  close();
}

void TcpSession::close() {
  if (std::exchange(closed_, true)) return;
  boost::system::error_code ignored;
  socket_.close(ignored);
  watch_.cancel();
  room_.cancel();
  if (hooks_.closed) hooks_.closed(shared_from_this());
}

asio::awaitable<void> TcpSession::read_questions() {
  std::size_t filled = 0;
  for (;;) {
    const auto [ended, came] = co_await socket_.async_read_some(
        asio::buffer(&in_[filled], kInBytes - filled), asio::as_tuple(asio::use_awaitable));
    if (closed_) co_return;
    if (ended) break;
    filled = take_questions(filled + came);
    while (!closed_ && busy()) {
      room_.expires_at(asio::steady_timer::time_point::max());
      co_await room_.async_wait(asio::as_tuple(asio::use_awaitable));
      if (!closed_ && !busy()) filled = take_questions(filled);
    }
    if (closed_) co_return;
  }
  half_closed_ = true;
  if (idle()) close();
}

// Hands out the whole questions at the front of in_, and returns how many bytes are left.
std::size_t TcpSession::take_questions(std::size_t filled) {
  std::size_t at = 0;
  while (!closed_ && !busy() && filled - at >= kLengthBytes) {
    const std::size_t size = std::size_t{in_[at]} << 8 | in_[at + 1];
    if (filled - at - kLengthBytes < size) break;
    const dns::Bytes question{&in_[at] + kLengthBytes, size};
    at += kLengthBytes + size;
    if (held_) continue;
    active_ = clock_.now();
    ++under_way_;
    hooks_.question(shared_from_this(), question);
  }
  std::copy(in_.get() + at, in_.get() + filled, in_.get());
  return filled - at;
}

bool TcpSession::busy() const {
  return under_way_ >= kUnderWayMax || out_.size() + sending_.size() >= kUnreadBytesMax;
}

void TcpSession::reply(std::span<const std::uint8_t> answer) {
  if (closed_) return;
  const bool was_busy = busy();
  if (!held_) {
    out_.push_back(static_cast<std::uint8_t>(answer.size() >> 8));
    out_.push_back(static_cast<std::uint8_t>(answer.size() & 0xff));
    out_.insert(out_.end(), answer.begin(), answer.end());
  }
  --under_way_;
  send_more();
  if (was_busy && !busy()) room_.cancel();
}

void TcpSession::give_up() {
  if (!closed_) settle();
}

void TcpSession::silence() {
  silenced_ = true;
  give_up();
}

void TcpSession::hold_silent() {
  held_ = true;
  silence();
}

void TcpSession::reset() {
  if (closed_) return;
  boost::system::error_code ignored;
  socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
  close();
}

void TcpSession::settle() {
  const bool was_busy = busy();
  --under_way_;
  if (half_closed_ && idle()) return close();
  if (was_busy) room_.cancel();
}

void TcpSession::send_more() {
  if (!sending_.empty() || out_.empty()) return;
  std::swap(sending_, out_);
  sent_ = 0;
  send_rest();
}

void TcpSession::send_rest() {
  socket_.async_write_some(
      asio::buffer(sending_.data() + sent_, sending_.size() - sent_),
      [self = shared_from_this()](const boost::system::error_code& ended, std::size_t size) {
        if (self->closed_) return;
        if (ended) return self->close();
        self->took(size);
      });
}

// The kernel took `size` bytes more.
void TcpSession::took(std::size_t size) {
  active_ = clock_.now();
  sent_ += size;
  if (sent_ < sending_.size()) return send_rest();
  const bool was_busy = busy();
  sending_.clear();
  send_more();
  if (was_busy && !busy()) room_.cancel();
  if (half_closed_ && idle()) close();
}

Duration TcpSession::patience() const {
  const bool unread = !out_.empty() || !sending_.empty();
  return silenced_ && !unread ? limits_.silence : limits_.idle;
}

bool TcpSession::overdue() const {
  const bool waits_for_us = under_way_ > 0 && out_.empty() && sending_.empty();
  return !waits_for_us && clock_.now() - active_ >= patience();
}

void TcpSession::watch() {
  watch_.expires_after(std::max<Duration>(active_ + patience() - clock_.now(), limits_.idle / 8));
  watch_.async_wait([weak = weak_from_this()](const boost::system::error_code& ended) {
    const auto self = weak.lock();
    if (!self || ended || self->closed_) return;
    if (self->overdue()) return self->close();
    self->watch();
  });
}

}  // namespace blackstart
