#include "probe/dns_exchange.h"

#include <net/if.h>
#include <sys/random.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <array>
#include <cerrno>

#include "dns/edit.h"
#include "probe/peer.h"
#include "sys/netns.h"

namespace blackstart {
namespace {

using boost::asio::posix::stream_descriptor;

std::uint16_t random_id() {
  std::uint16_t id = 0;
  check("getrandom", ::getrandom(&id, sizeof id, 0));
  return id;
}

std::vector<std::uint8_t> question_bytes(const dns::Question& question) {
  std::vector<std::uint8_t> bytes(limits::dns_udp_bytes_plain);
  // Without EDNS, as glibc asks.
  dns::QuestionOptions options;
  options.edns = false;
  bytes.resize(dns::write_question(bytes, random_id(), question, options));
  return bytes;
}

// The scope of a link-local server, which is a device of the place's namespace.
std::uint32_t scope_of_server(const ProbeHost& host, const Nameserver& server) {
  if (server.interface.empty()) return 0;
  const MaybeInNetns inside{host.place().netns};
  return ::if_nametoindex(server.interface.c_str());
}

}  // namespace

DnsExchange::DnsExchange(ProbeHost& host, const Nameserver& server, const dns::Question& question,
                         Done done)
    : host_{host}, server_{server}, done_{std::move(done)}, question_{question_bytes(question)} {
  open(SOCK_DGRAM);
}

void DnsExchange::open(int type) {
  socket_.reset();
  const PeerAddress peer{server_.endpoint, scope_of_server(host_, server_)};
  Connecting made = start_connect(host_, type, peer);
  if (made.error != 0 && made.error != EINPROGRESS) return fail(made.error);
  socket_.emplace(host_.loop(), made.fd.release());
  if (type == SOCK_STREAM) {
    socket_->async_wait(stream_descriptor::wait_write,
                        lifeline_.bind([this](const boost::system::error_code& error) {
                          if (!error) connected();
                        }));
    return;
  }
  if (::send(socket_->native_handle(), question_.data(), question_.size(), MSG_NOSIGNAL) < 0) {
    return fail(errno);
  }
  wait_to_read();
}

void DnsExchange::wait_to_read() {
  socket_->async_wait(stream_descriptor::wait_read,
                      lifeline_.bind([this](const boost::system::error_code& error) {
                        if (error) return;
                        over_tcp_ ? read_stream() : read_datagrams();
                      }));
}

void DnsExchange::read_datagrams() {
  std::array<std::uint8_t, 4096> buffer;
  for (;;) {
    const ssize_t got = ::recv(socket_->native_handle(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return wait_to_read();
    if (got < 0) return fail(errno);
    const dns::Bytes answer{buffer.data(), static_cast<std::size_t>(got)};
    if (!dns::is_answer_to(question_, answer)) {
      ++strangers_;
      continue;
    }
    if (dns::read_header(answer)->has(dns::Header::kTc)) {
      over_tcp_ = true;
      return open(SOCK_STREAM);
    }
    return finish({.answer = {answer.begin(), answer.end()}, .failure = {}, .over_tcp = false});
  }
}

void DnsExchange::connected() {
  if (const int error = connect_error(socket_->native_handle())) return fail(error);
  stream_ = {static_cast<std::uint8_t>(question_.size() >> 8),
             static_cast<std::uint8_t>(question_.size() & 0xff)};
  stream_.insert(stream_.end(), question_.begin(), question_.end());
  write_rest();
}

void DnsExchange::write_rest() {
  while (written_ < stream_.size()) {
    const ssize_t sent = ::send(socket_->native_handle(), stream_.data() + written_,
                                stream_.size() - written_, MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno != EAGAIN) return fail(errno);
    if (sent < 0) {
      socket_->async_wait(stream_descriptor::wait_write,
                          lifeline_.bind([this](const boost::system::error_code& error) {
                            if (!error) write_rest();
                          }));
      return;
    }
    written_ += static_cast<std::size_t>(sent);
  }
  stream_.clear();
  wait_to_read();
}

void DnsExchange::read_stream() {
  std::array<std::uint8_t, 4096> buffer;
  for (;;) {
    const ssize_t got = ::recv(socket_->native_handle(), buffer.data(), buffer.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return wait_to_read();
    if (got < 0) return fail(errno);
    if (got == 0) {
      return finish({.answer = {},
                     .failure = "the server closed the TCP connection without an answer",
                     .over_tcp = true});
    }
    stream_.insert(stream_.end(), buffer.data(), buffer.data() + got);
    if (take_frame()) return;
  }
}

bool DnsExchange::take_frame() {
  while (stream_.size() >= 2) {
    const std::size_t size = static_cast<std::size_t>(stream_[0]) << 8 | stream_[1];
    if (stream_.size() < size + 2) return false;
    const dns::Bytes answer{stream_.data() + 2, size};
    if (dns::is_answer_to(question_, answer)) {
      finish({.answer = {answer.begin(), answer.end()}, .failure = {}, .over_tcp = true});
      return true;
    }
    ++strangers_;
    stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(size) + 2);
  }
  return false;
}

void DnsExchange::fail(int error) {
  finish({.answer = {},
          .failure = error_words(error) + (over_tcp_ ? " (TCP)" : ""),
          .over_tcp = over_tcp_});
}

void DnsExchange::finish(DnsOutcome outcome) {
  socket_.reset();
  boost::asio::post(host_.loop(), lifeline_.bind([this, outcome = std::move(outcome)]() mutable {
    const Done done = std::move(done_);
    done(std::move(outcome));
  }));
}

}  // namespace blackstart
