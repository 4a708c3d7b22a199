#include "serve/udp_upstream.h"

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

#include "dns/edit.h"

namespace blackstart {
namespace {

constexpr std::size_t kPoolSockets = 16;
constexpr std::size_t kBatchesPerSocket = 16;
constexpr std::size_t kSocketsMax = 256;  // with the retired ones, of all servers
constexpr int kBatchesPerTurn = 2;        // then others on this thread have theirs
constexpr std::chrono::milliseconds kTick{100};

bool is_refusal(int error) { return error != EAGAIN && error != ENOBUFS; }

}  // namespace

struct UdpUpstreams::Socket {
  Socket(boost::asio::io_context& io, UniqueFd fd, std::uint32_t its_number, std::size_t its_server)
      : descriptor{io, fd.get()}, number{its_number}, server{its_server} {
    (void)fd.release();
  }

  boost::asio::posix::stream_descriptor descriptor;
  std::uint32_t number;
  std::size_t server;
  std::size_t batches_left = kBatchesPerSocket;
  std::size_t in_flight = 0;
  bool retired = false;

  int fd() { return descriptor.native_handle(); }
};

UdpUpstreams::UdpUpstreams(boost::asio::io_context& io, const DnsServerConfig& config,
                           std::vector<Nameserver> servers, const UniqueFd& netns,
                           const Clock& clock, DnsServerCounters& counters, UpstreamHooks hooks)
    : io_{io},
      config_{config},
      netns_{netns},
      clock_{clock},
      counters_{counters},
      hooks_{std::move(hooks)},
      // A batch that is being gathered must not be pushed out by its own end.
      flights_{std::max(config.in_flight_max, 2 * kUdpBatch)},
      inbox_{limits::dns_message_bytes_max},
      ticker_{io} {
  for (Nameserver& server : servers) servers_.push_back({std::move(server), {}});
}

void UdpUpstreams::stop() {
  hooks_ = {};
  ticker_.cancel();
  for (auto& [number, socket] : sockets_) socket->descriptor.close();
  sockets_.clear();
  servers_.clear();
}

void UdpUpstreams::ask(Transaction transaction, dns::Bytes question) {
  if (flights_.full()) {
    ++counters_.overflowed;
    end(flights_.oldest_first().front());
  }
  Flight& flight = flights_.begin(std::move(transaction), question, clock_.now());
  if (!batch_socket_ && !servers_.empty()) batch_socket_ = pick_socket(preferred_);
  if (!batch_socket_) {
    unsendable_.push_back(&flight);
    return;
  }
  add_try(flight, *batch_socket_);
  outbox_.add(flight.question);
  batch_.push_back(&flight);
  if (outbox_.full()) flush();
}

void UdpUpstreams::flush() {
  if (batch_socket_) {
    const SocketRef socket = std::exchange(batch_socket_, nullptr);
    for (const auto [index, error] : outbox_.flush(socket->fd())) {
      if (is_refusal(error)) refuse(*batch_[index], socket->number);
    }
    batch_.clear();
  }
  for (Flight* const flight : std::exchange(unsendable_, {})) try_next_server(*flight);
  if (!flights_.empty() && !ticking_) wait_for_tick();
}

UdpUpstreams::SocketRef UdpUpstreams::pick_socket(std::size_t server) {
  auto& pool = servers_[server].pool;
  if (pool.size() <= kPoolSockets / 2) refill(server);
  if (pool.empty()) return nullptr;
  const std::size_t index = random_.below(pool.size());
  SocketRef socket = pool[index];
  if (--socket->batches_left == 0) {
    if (sockets_.size() < kSocketsMax) {
      socket->retired = true;
      std::swap(pool[index], pool.back());
      pool.pop_back();
    } else {
      socket->batches_left = 1;
    }
  }
  return socket;
}

void UdpUpstreams::refill(std::size_t server) {
  auto& pool = servers_[server].pool;
  const MaybeInNetns inside{netns_};
  while (pool.size() < kPoolSockets) {
    UniqueFd fd;
    try {
      fd = open_udp_to(servers_[server].at, config_.mark);
    } catch (const std::system_error&) {
      return;  // no route, say: that is for the question to suffer, as a refusal
    }
    auto socket = std::make_shared<Socket>(io_, std::move(fd), next_socket_++, server);
    sockets_.emplace(socket->number, socket);
    wait_for_answers(socket);
    pool.push_back(std::move(socket));
  }
}

void UdpUpstreams::close_socket(Socket& socket) {
  socket.descriptor.close();
  sockets_.erase(socket.number);
}

void UdpUpstreams::add_try(Flight& flight, Socket& socket) {
  const auto server = static_cast<std::uint32_t>(socket.server);
  while (!flights_.add_try(flight, {socket.number, random_.next(), server})) {
  }
  ++flight.servers_asked;
  ++socket.in_flight;
}

void UdpUpstreams::try_next_server(Flight& flight) {
  while (flight.servers_asked < std::min(servers_.size(), kTriesMax)) {
    const std::size_t first = flight.try_count > 0 ? flight.tries[0].server : preferred_;
    const SocketRef socket = pick_socket((first + flight.servers_asked) % servers_.size());
    if (!socket) {
      ++flight.servers_asked;
      ++counters_.upstream_refused;
      continue;
    }
    add_try(flight, *socket);
    if (send_over(flight, *socket)) return;
    flight.tries[flight.try_count - 1].refused = true;
    ++counters_.upstream_refused;
  }
  const std::span tries{flight.tries.data(), flight.try_count};
  if (!std::ranges::all_of(tries, &Flight::Try::refused)) return;  // the others may yet answer
  hooks_.refused(flight.transaction, flight.question);
  end(flight);
}

bool UdpUpstreams::send_over(Flight& flight, Socket& socket) {
  UdpOutbox alone;
  alone.add(flight.question);
  const auto refused = alone.flush(socket.fd());
  return refused.empty() || !is_refusal(refused.front().error);
}

void UdpUpstreams::end(Flight& flight) {
  for (std::size_t i = 0; i < flight.try_count; ++i) {
    const auto found = sockets_.find(flight.tries[i].socket);
    if (found == sockets_.end()) continue;
    Socket& socket = *found->second;
    if (--socket.in_flight == 0 && socket.retired && &socket != batch_socket_.get()) {
      close_socket(socket);
    }
  }
  flights_.end(flight);
}

void UdpUpstreams::wait_for_answers(const SocketRef& socket) {
  socket->descriptor.async_wait(
      boost::asio::posix::descriptor_base::wait_read,
      [weak = weak_from_this(), socket](const boost::system::error_code& ended) {
        const auto self = weak.lock();
        if (!self || ended) return;
        self->take_answers(*socket);
        if (socket->descriptor.is_open()) self->wait_for_answers(socket);
      });
}

void UdpUpstreams::take_answers(Socket& socket) {
  for (int turn = 0; turn < kBatchesPerTurn && socket.descriptor.is_open(); ++turn) {
    const int came = inbox_.receive(socket.fd());
    if (came == 0) break;
    if (came < 0) refuse_all(socket.number);
    for (int i = 0; i < came; ++i) take_answer(socket, inbox_.message(static_cast<std::size_t>(i)));
    hooks_.settled();
    if (came > 0 && static_cast<std::size_t>(came) < kUdpBatch) break;
  }
}

void UdpUpstreams::take_answer(Socket& socket, std::span<std::uint8_t> answer) {
  const std::uint32_t number = socket.number;
  Flight* const flight =
      answer.size() < dns::kHeaderBytes ? nullptr : flights_.find(number, dns::id_of(answer));
  if (!flight) {
    ++counters_.upstream_mismatched;
    return;
  }
  dns::set_id(flight->question, dns::id_of(answer));  // an earlier try's may be answered
  if (!dns::is_answer_to(flight->question, answer)) {
    ++counters_.upstream_mismatched;
    return;
  }
  if (flight->servers_asked > 1) preferred_ = socket.server;
  hooks_.answered(flight->transaction, flight->question, answer);
  end(*flight);
}

void UdpUpstreams::refuse(Flight& flight, std::uint32_t socket) {
  ++counters_.upstream_refused;
  for (std::size_t i = 0; i < flight.try_count; ++i) {
    if (flight.tries[i].socket == socket) flight.tries[i].refused = true;
  }
  if (flight.tries[flight.try_count - 1].refused) try_next_server(flight);
}

void UdpUpstreams::refuse_all(std::uint32_t socket) {
  std::vector<Flight*> refused;
  for (Flight& flight : flights_.oldest_first()) {
    const auto waits_there = [&](const Flight::Try& one) {
      return one.socket == socket && !one.refused;
    };
    const std::span tries{flight.tries.data(), flight.try_count};
    if (std::ranges::any_of(tries, waits_there)) refused.push_back(&flight);
  }
  for (Flight* const flight : refused) refuse(*flight, socket);
}

void UdpUpstreams::wait_for_tick() {
  ticking_ = true;
  ticker_.expires_after(kTick);
  ticker_.async_wait([weak = weak_from_this()](const boost::system::error_code& ended) {
    const auto self = weak.lock();
    if (!self || ended) return;
    self->tick();
    self->ticking_ = false;
    if (!self->flights_.empty()) self->wait_for_tick();
  });
}

void UdpUpstreams::tick() {
  const RunTime now = clock_.now();
  auto& flights = flights_.oldest_first();
  for (auto next = flights.begin(); next != flights.end();) {
    Flight& flight = *next++;
    const Duration age = now - flight.asked;
    if (age < kUpstreamPatience) break;
    if (age >= kUpstreamExpiry) {
      counters_.upstream_silent += flight.try_count;
      hooks_.silent(flight.transaction);
      end(flight);
    } else if (age >= kUpstreamPatience * static_cast<int>(flight.servers_asked)) {
      try_next_server(flight);
    }
  }
  hooks_.settled();
}

}  // namespace blackstart
