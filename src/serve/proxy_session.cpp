#include "serve/proxy_session.h"

#include <linux/netfilter_ipv4.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "blackstart/random.h"
#include "serve/socket.h"
#include "toxic/limits.h"

namespace blackstart {
namespace {

constexpr std::size_t kRoundBytes = 1 << 20;  // of one way before others have their turn
constexpr int kRoundWrites = 32;
constexpr std::string_view kUnixPrefix = "unix:";
constexpr int kIp6OriginalDestination = 80;  // IP6T_SO_ORIGINAL_DST; its header is not C++

constexpr std::size_t kUp = static_cast<std::size_t>(toxic::Stream::upstream);
constexpr std::size_t kDown = static_cast<std::size_t>(toxic::Stream::downstream);

// Each way of each connection has dice of its own, the same for the same seed.
Rng dice_for(std::uint64_t seed, std::uint64_t connection, std::size_t way) {
  return Rng{Rng{seed ^ Rng{2 * connection + way}.next()}.next()};
}

}  // namespace

void set_proxy_options(int fd) {
  const int on = 1, seconds = 15;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &seconds, sizeof seconds);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &seconds, sizeof seconds);
}

ProxySession::ProxySession(ProxyLoop& loop, ProxyEngine::FrontId front_id,
                           std::shared_ptr<SharedFront> front, std::array<WayCounter, 2>& counters,
                           UniqueFd client, const SocketAddress& client_address)
    : loop_{loop},
      id_{loop.commons().next_connection.fetch_add(1, std::memory_order_relaxed)},
      front_id_{front_id},
      front_{std::move(front)},
      opened_{loop.now()},
      client_address_{client_address},
      ways_{Way{client_, server_, counters[kUp], dice_for(loop.commons().seed, id_, kUp), opened_},
            Way{server_, client_, counters[kDown], dice_for(loop.commons().seed, id_, kDown),
                opened_}} {
  client_.fd = std::move(client);
  ++front_->accepted;
}

ProxySession::~ProxySession() { ++front_->ended; }

void ProxySession::start(std::span<const SharedToxic> toxics) {
  for (const SharedToxic& toxic : toxics) add_toxic(toxic);
  if (!loop_.watch(client_.fd.get(), client_)) return close(false);
  if (front_->front.upstream.empty()) {
    const auto destination = original_destination();
    return dial(destination ? HostLookup::Found{*destination} : HostLookup::Found{});
  }
  if (front_->front.upstream.starts_with(kUnixPrefix)) {
    return dial_path(front_->front.upstream.substr(kUnixPrefix.size()));
  }
  loop_.commons().names.look_up(front_->front.upstream,
                                [&loop = loop_, id = id_](HostLookup::Found found) {
                                  const auto go_on = [&loop, id, found = std::move(found)] {
                                    if (ProxySession* const self = loop.find(id)) self->dial(found);
                                  };
                                  if (loop.is_own_thread()) return go_on();
                                  loop.post(go_on);
                                });
}

// Where it was going before a rule redirected it here; nullopt: it was going here.
std::optional<SocketAddress> ProxySession::original_destination() const {
  SocketAddress to;
  to.length = sizeof to.v6;
  const bool v6 = to_endpoint(client_address_).address.v6;
  if (::getsockopt(client_.fd.get(), v6 ? SOL_IPV6 : SOL_IP,
                   v6 ? kIp6OriginalDestination : SO_ORIGINAL_DST, &to.any, &to.length) != 0) {
    return std::nullopt;
  }
  if (to_endpoint(to) == local_endpoint(client_.fd.get())) return std::nullopt;
  return to;
}

void ProxySession::dial(HostLookup::Found found) {
  std::ranges::reverse(found);
  candidates_ = std::move(found);
  dial_next();
}

void ProxySession::dial_path(const std::string& path) {
  sockaddr_un to{};
  to.sun_family = AF_UNIX;
  if (path.size() >= sizeof to.sun_path) return close(false);
  path.copy(to.sun_path, path.size());
  server_.fd = UniqueFd{::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  // Connects at once or never: EAGAIN is a full backlog.
  if (!server_.fd ||
      ::connect(server_.fd.get(), reinterpret_cast<sockaddr*>(&to), sizeof to) != 0 ||
      !loop_.watch(server_.fd.get(), server_)) {
    close(false);
  }
}

void ProxySession::dial_next() {
  server_.fd.reset();
  server_.readable = server_.writable = server_.hung_up = server_.broken = false;
  while (!candidates_.empty()) {
    upstream_address_ = candidates_.back();
    candidates_.pop_back();
    const MaybeInNetns inside{front_->front.netns};
    UniqueFd fd{
        ::socket(upstream_address_.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    if (!fd) continue;
    set_proxy_options(fd.get());
    const std::uint32_t mark = front_->front.mark;
    // Unmarked, it would come back to us by the rule that sends connections here.
    if (mark != 0 && ::setsockopt(fd.get(), SOL_SOCKET, SO_MARK, &mark, sizeof mark) != 0) continue;
    if (::connect(fd.get(), &upstream_address_.any, upstream_address_.length) != 0 &&
        errno != EINPROGRESS) {
      continue;
    }
    server_.fd = std::move(fd);
    if (loop_.watch(server_.fd.get(), server_)) return;
    server_.fd.reset();
  }
  close(false);
}

// Asked when epoll has told of the server's side. Goes on to the next address where it failed.
bool ProxySession::has_connected() {
  if (!server_.fd || !(server_.writable || server_.broken)) return false;
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(server_.fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    dial_next();
    return false;
  }
  connected_ = server_.writable;
  if (connected_) HostLookup::Found{}.swap(candidates_);
  return connected_;
}

void ProxySession::Side::on_events(std::uint32_t events) {
  if ((events & EPOLLIN) != 0) readable = true;
  if ((events & EPOLLOUT) != 0) writable = true;
  if ((events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0) readable = hung_up = true;
  if ((events & (EPOLLHUP | EPOLLERR)) != 0) broken = true;
  connection.loop_.touch(connection);
}

bool ProxySession::move() {
  if (!connected_ && !has_connected()) {
    // Nobody is left to be connected.
    if (!ended && client_.broken) close(false);
    return false;
  }
  bool more = false;
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    const Moved moved = move(ways_[i], i);
    if (moved == Moved::ended) return false;
    more = more || moved == Moved::more;
  }
  return more;
}

ProxySession::Moved ProxySession::move(Way& way, std::size_t index) {
  if (way.end_passed) return Moved::all;
  int writes = kRoundWrites;
  for (std::size_t moved = 0; moved < kRoundBytes && writes > 0;) {
    const bool freely = way.link.passes_freely();
    const RunTime now = freely ? RunTime{} : loop_.now();
    if (!freely) way.link.advance(now);
    if (!write_out(way, writes)) {
      close(passes_reset(way.to));
      return Moved::ended;
    }
    if (has_ended(way)) return ended ? Moved::ended : Moved::all;
    if (writes == 0) break;
    const bool full = !way.link.out().empty() || !way.to.writable || !way.link.wants_more();
    if (!way.from.readable || way.source_ended || full) {
      if (const auto due = way.link.next_deadline(); due && (!way.wake || *due < *way.wake)) {
        way.wake = due;
        loop_.wake_at(*due, *this, index);
      }
      return Moved::all;
    }

    const std::span<std::byte> room =
        freely ? loop_.scratch() : loop_.scratch().first(limits::toxic_chunk_bytes);
    const ssize_t got = ::recv(way.from.fd.get(), room.data(), room.size(), 0);
    if (got < 0 && errno == EAGAIN) {
      way.from.readable = false;
      continue;
    }
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {
      way.from.was_reset = got < 0 && errno == ECONNRESET;
      if (passes_reset(way.from)) {
        close(true);
        return Moved::ended;
      }
      read_end(way, loop_.now());
      continue;
    }
    const auto bytes = room.first(static_cast<std::size_t>(got));
    // A short read has emptied the socket, unless its end comes next (epoll(7)).
    if (bytes.size() < room.size() && !way.from.hung_up) way.from.readable = false;
    way.bytes.received += bytes.size();
    way.counter.add_received(bytes.size());
    moved += bytes.size();
    const std::size_t written = freely ? write_some(way, bytes) : 0;
    if (written < bytes.size()) way.link.push(bytes.subspan(written), loop_.now());
  }
  return Moved::more;
}

// What the socket takes of it; an error shows at the next write.
std::size_t ProxySession::write_some(Way& way, std::span<const std::byte> bytes) {
  if (!way.to.writable) return 0;
  const ssize_t sent = ::send(way.to.fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent < 0) {
    way.to.writable = errno != EAGAIN;
    if (errno == ECONNRESET) way.to.was_reset = true;  // the kernel tells it once
    return 0;
  }
  const auto size = static_cast<std::size_t>(sent);
  if (size < bytes.size()) way.to.writable = false;
  way.bytes.sent += size;
  way.counter.add_sent(size);
  return size;
}

// False: the destination takes nothing any more.
bool ProxySession::write_out(Way& way, int& writes) {
  toxic::ChunkQueue& out = way.link.out();
  for (; !out.empty() && way.to.writable && writes > 0; --writes) {
    const std::size_t sent = write_some(way, out.front().bytes());
    if (sent == 0 && way.to.writable) return false;
    out.drop(sent);
    // Room here lets what is behind it go on.
    if (out.empty()) way.link.advance(loop_.now());
  }
  return true;
}

// Whether the other side is to see it as a reset, at once, as it would without us (RFC 9293,
// 3.10.7.4), and not as an end behind all that was sent before.
bool ProxySession::passes_reset(const Side& side) const {
  const Way& way = ways_[&side == &client_ ? kUp : kDown];
  return side.was_reset && front_->front.pass_resets && way.link.acting().empty();
}

void ProxySession::read_end(Way& way, RunTime now) {
  way.source_ended = true;
  way.link.finish(now);
  way.link.advance(now);
}

// What the link's end means for the sockets.
bool ProxySession::has_ended(Way& way) {
  const bool stuck = way.link.is_cut() && !way.to.writable;
  if (way.link.end() == toxic::LinkEnd::open && !stuck) return false;
  if (way.link.end() == toxic::LinkEnd::reset || stuck) {
    close(!stuck);
    return true;
  }
  if (!way.link.out().empty()) return false;
  const bool both = ways_[kUp].end_passed || ways_[kDown].end_passed;
  if (!front_->front.half_close || !way.source_ended || way.from.broken || both) {
    close(false);
    return true;
  }
  way.end_passed = true;
  ::shutdown(way.to.fd.get(), SHUT_WR);
  return true;
}

void ProxySession::close(bool reset) {
  if (ended) return;
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  for (Side* const side : {&client_, &server_}) {
    if (reset && side->fd) {
      ::setsockopt(side->fd.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    }
    side->fd.reset();
  }
  loop_.end(*this);
}

// After a change of its toxics, which leaves nothing to do for a connection that is idle.
void ProxySession::go_on(const Way& way) {
  const toxic::Link& link = way.link;
  const bool has_ended_or_waits = link.end() != toxic::LinkEnd::open || link.next_deadline();
  if (has_ended_or_waits || way.from.readable || link.held() > 0) loop_.touch(*this);
}

void ProxySession::add_toxic(const SharedToxic& toxic) {
  Way& way = ways_[static_cast<std::size_t>(toxic->stream)];
  way.link.add(toxic, loop_.now());
  go_on(way);
}

void ProxySession::update_toxic(const SharedToxic& toxic, bool draw_again) {
  Way& way = ways_[static_cast<std::size_t>(toxic->stream)];
  way.link.update(toxic, draw_again, loop_.now());
  go_on(way);
}

void ProxySession::remove_toxic(const toxic::Toxic& toxic) {
  Way& way = ways_[static_cast<std::size_t>(toxic.stream)];
  way.link.remove(toxic.name, loop_.now());
  if (connected_) has_ended(way);  // whoever has asked for it sees it at once
  go_on(way);
}

ProxyEngine::Connection ProxySession::describe() const {
  ProxyEngine::Connection out{
      id_, front_id_, to_text(to_endpoint(client_address_)), {}, loop_.now() - opened_, {}};
  if (connected_) {
    const bool numbers = upstream_address_.length != 0;
    out.upstream = numbers ? to_text(to_endpoint(upstream_address_)) : front_->front.upstream;
  }
  for (std::size_t i = 0; i < ways_.size(); ++i) {
    const Way& way = ways_[i];
    const auto acting = way.link.acting();
    out.ways[i] = {way.bytes, way.link.held(), {acting.begin(), acting.end()}};
  }
  return out;
}

}  // namespace blackstart
