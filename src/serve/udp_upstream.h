#pragma once

// Forwarding by UDP: sockets, tries and matching of answers (RFC 5452).

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <unordered_map>
#include <vector>

#include "serve/dns_server.h"
#include "serve/flights.h"
#include "serve/random_ids.h"
#include "serve/transaction.h"
#include "serve/udp_batch.h"

namespace blackstart {

// A server that is silent this long is followed by the next one.
inline constexpr std::chrono::milliseconds kUpstreamPatience{2'000};
// Answers are taken this long after the question; then its clients have given up.
inline constexpr std::chrono::milliseconds kUpstreamExpiry{15'000};

// What the upstreams report to, from flush() and from handlers of the io_context.
struct UpstreamHooks {
  // `question` and `answer` carry the upstream's id; `answer` may be changed in place and stays
  // until settled() is called.
  std::function<void(Transaction&, dns::Bytes question, std::span<std::uint8_t> answer)> answered;
  // Every server refused, or there is none.
  std::function<void(Transaction&, dns::Bytes question)> refused;
  // Nobody answered in time.
  std::function<void(Transaction&)> silent;
  // What a handler reported since the last settled() can be sent now. Not called by flush().
  std::function<void()> settled;
};

// Keeps a pool of connected sockets for each server, each on a random port. A batch of questions
// goes over one of them, picked at random; one that carried kBatchesPerSocket batches is replaced,
// and closed when its last question has ended. So ports stay unpredictable and yet one system
// call carries many questions.
//
// The first server that answers after another failed to is asked first from then on, until it
// fails in turn. Must be owned by a shared_ptr; stop() before letting go of it.
class UdpUpstreams : public std::enable_shared_from_this<UdpUpstreams> {
 public:
  UdpUpstreams(boost::asio::io_context& io, const DnsServerConfig& config,
               std::vector<Nameserver> servers, const UniqueFd& netns, const Clock& clock,
               DnsServerCounters& counters, UpstreamHooks hooks);

  // Takes a copy of `question`; it leaves with the next flush().
  void ask(Transaction transaction, dns::Bytes question);
  void flush();
  void stop();

 private:
  struct Socket;
  using SocketRef = std::shared_ptr<Socket>;
  struct Server {
    Nameserver at;
    std::vector<SocketRef> pool;
  };

  SocketRef pick_socket(std::size_t server);  // null where none can be opened
  void refill(std::size_t server);
  void close_socket(Socket& socket);

  void add_try(Flight& flight, Socket& socket);
  void try_next_server(Flight& flight);
  bool send_over(Flight& flight, Socket& socket);
  void end(Flight& flight);

  void wait_for_answers(const SocketRef& socket);
  void take_answers(Socket& socket);
  void take_answer(Socket& socket, std::span<std::uint8_t> answer);
  void refuse(Flight& flight, std::uint32_t socket);
  void refuse_all(std::uint32_t socket);

  void wait_for_tick();
  void tick();

  boost::asio::io_context& io_;
  const DnsServerConfig& config_;
  const UniqueFd& netns_;
  const Clock& clock_;
  DnsServerCounters& counters_;
  UpstreamHooks hooks_;

  std::vector<Server> servers_;
  std::size_t preferred_ = 0;
  std::uint32_t next_socket_ = 0;
  std::unordered_map<std::uint32_t, SocketRef> sockets_;  // in the pools, and retired ones
  Flights flights_;
  RandomIds random_;
  UdpInbox inbox_;

  SocketRef batch_socket_;  // over which the next flush() sends
  UdpOutbox outbox_;
  std::vector<Flight*> batch_;       // as added to outbox_
  std::vector<Flight*> unsendable_;  // no socket could be opened for them

  boost::asio::steady_timer ticker_;
  bool ticking_ = false;
};

}  // namespace blackstart
