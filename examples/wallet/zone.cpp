// The world's name server: answers from a handful of records over UDP and TCP.

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <tuple>

#include "roles.h"
#include "sys/fd.h"
#include "zone_answer.h"

namespace wallet {
namespace {

using blackstart::check;
using blackstart::UniqueFd;

constexpr std::size_t kMessageMax = 65'535;
constexpr std::size_t kConnectionsMax = 64;

sockaddr_in address_of(const HostPort& where) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(where.port);
  if (::inet_pton(AF_INET, where.host.c_str(), &address.sin_addr) != 1) {
    throw std::runtime_error{"--listen takes an IPv4 address, not " + where.host};
  }
  return address;
}

UniqueFd bound_socket(int type, const HostPort& where) {
  UniqueFd socket{check("socket()", ::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  const sockaddr_in address = address_of(where);
  check("bind(" + where.host + ':' + std::to_string(where.port) + ')',
        ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
  return socket;
}

// One client's connection: messages behind their two-byte lengths (RFC 1035, 4.2.2).
struct Connection {
  UniqueFd socket;
  std::vector<std::uint8_t> received;
};

class Server {
 public:
  Server(const HostPort& where, Zone zone)
      : zone_{std::move(zone)},
        datagrams_{bound_socket(SOCK_DGRAM | SOCK_NONBLOCK, where)},
        listener_{bound_socket(SOCK_STREAM | SOCK_NONBLOCK, where)},
        out_(kMessageMax) {
    check("listen()", ::listen(listener_.get(), SOMAXCONN));
  }

  [[noreturn]] void run() {
    for (;;) {
      std::vector<pollfd> waits{{datagrams_.get(), POLLIN, 0}, {listener_.get(), POLLIN, 0}};
      for (const Connection& one : connections_) waits.push_back({one.socket.get(), POLLIN, 0});
      if (::poll(waits.data(), waits.size(), -1) < 0 && errno != EINTR) check("poll()", -1);
      if (waits[0].revents != 0) answer_datagrams();
      for (std::size_t i = 2; i < waits.size(); ++i) {
        if (waits[i].revents != 0 && !answer_connection(connections_[i - 2])) {
          connections_[i - 2].socket.reset();
        }
      }
      std::erase_if(connections_, [](const Connection& one) { return !one.socket; });
      if (waits[1].revents != 0) accept();
    }
  }

 private:
  void answer_datagrams() {
    std::vector<std::uint8_t> in(kMessageMax);
    sockaddr_in client{};
    for (;;) {
      socklen_t length = sizeof client;
      const ssize_t got = ::recvfrom(datagrams_.get(), in.data(), in.size(), 0,
                                     reinterpret_cast<sockaddr*>(&client), &length);
      if (got < 0) return;
      const std::size_t size = zone_.answer({in.data(), static_cast<std::size_t>(got)}, 0, out_);
      if (size == 0) continue;
      std::ignore = ::sendto(datagrams_.get(), out_.data(), size, 0,
                             reinterpret_cast<const sockaddr*>(&client), length);
    }
  }

  void accept() {
    UniqueFd socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!socket) return;
    if (connections_.size() == kConnectionsMax) connections_.erase(connections_.begin());
    connections_.push_back({std::move(socket), {}});
  }

  // False when the connection is over.
  bool answer_connection(Connection& client) {
    std::array<std::uint8_t, 4096> chunk{};
    const ssize_t got = ::recv(client.socket.get(), chunk.data(), chunk.size(), 0);
    if (got <= 0) return false;
    client.received.insert(client.received.end(), chunk.begin(), chunk.begin() + got);
    while (client.received.size() >= 2) {
      const std::size_t length = std::size_t{client.received[0]} << 8 | client.received[1];
      if (client.received.size() < 2 + length) break;
      if (!send_answer(client, {client.received.data() + 2, length})) return false;
      client.received.erase(client.received.begin(),
                            client.received.begin() + static_cast<std::ptrdiff_t>(2 + length));
    }
    return true;
  }

  bool send_answer(const Connection& client, blackstart::dns::Bytes question) {
    const std::size_t size = zone_.answer(question, kMessageMax, out_);
    if (size == 0) return false;
    const std::array<std::uint8_t, 2> length{static_cast<std::uint8_t>(size >> 8),
                                             static_cast<std::uint8_t>(size & 0xff)};
    return ::send(client.socket.get(), length.data(), 2, MSG_NOSIGNAL | MSG_MORE) == 2 &&
           ::send(client.socket.get(), out_.data(), size, MSG_NOSIGNAL) ==
               static_cast<ssize_t>(size);
  }

  Zone zone_;
  UniqueFd datagrams_, listener_;
  std::vector<Connection> connections_;
  std::vector<std::uint8_t> out_;
};

}  // namespace

int run_zone(const Options& options) {
  std::vector<ZoneRecord> records;
  for (const std::string& text : options.all("record")) records.push_back(parse_zone_record(text));
  const HostPort where = parse_host_port(options.need("listen"));
  Server server{where, Zone{std::move(records)}};
  std::printf("zone: listening on %s:%d\n", where.host.c_str(), where.port);
  std::fflush(stdout);
  server.run();
}

}  // namespace wallet
