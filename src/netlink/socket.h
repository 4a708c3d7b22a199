#pragma once

// One netlink socket: requests, dumps and batches, with the kernel's own explanation of what
// it refused.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <system_error>

#include "netlink/message.h"
#include "sys/fd.h"

namespace blackstart::netlink {

// What the kernel refused: which message, why, and in its own words where it has some.
struct Refusal {
  std::uint32_t sequence = 0;
  int error = 0;  // an errno value
  std::string text;
};

// The exception for a refusal: "attempt: text: strerror".
std::system_error refused(std::string_view attempt, const Refusal& refusal);

// Close-on-exec; belongs to the network namespace in which it was opened. Not thread-safe.
//
// The kernel works on a request within the call that sends it, so its answers are waiting
// when send() returns, and reading them never blocks.
class Socket {
 public:
  enum class Port { any, own_pid };

  // In the calling thread's network namespace. `own_pid` asks for our process id as the
  // port, so that others can name us, and takes any where that is in use.
  explicit Socket(int protocol, Port port = Port::any);

  std::uint32_t port() const { return port_; }
  int fd() const { return fd_.get(); }
  void close() noexcept { fd_.reset(); }
  // Takes one of the highest file descriptors that this process may have, if one is free. A process
  // that is killed closes its files from the highest down (task work is last in, first out since
  // Linux 4.3), and some, such as packet sockets, take 10 ms each (synchronize_net()).
  void be_closed_first();
  bool is_open() const { return static_cast<bool>(fd_); }

  // The number of an interface in the socket's namespace; ENODEV where there is none.
  std::uint32_t interface_index(std::string_view name) const;

  // Numbers for the messages of a batch: the first of `count` in a row.
  std::uint32_t take_sequences(std::uint32_t count);

  // Makes room to send `size` bytes at once. Returns how many really fit: without
  // CAP_NET_ADMIN in the first user namespace the system's limit holds.
  std::size_t reserve_send(std::size_t size);

  // Sends messages that lie one after the other and reads all answers. nullopt when the one
  // numbered `last` (it must ask for an ACK) was acknowledged and nothing was refused;
  // otherwise the first refusal. Throws where sending or reading itself fails.
  std::optional<Refusal> send(std::span<const std::byte> messages, std::uint32_t last,
                              std::string_view attempt);

  // One request, acknowledged. Throws refused().
  void ask(Bytes message, std::string_view attempt);

  // Everything a dump request answers, as messages one after the other, from one consistent
  // pass. Throws refused().
  Bytes dump(Bytes request, std::string_view attempt);

  // Hears of what the kernel tells a multicast group, from now on.
  void join(unsigned group);

  // Throws away every datagram that waits; never blocks.
  void discard_waiting() noexcept;

 private:
  void send_all(std::span<const std::byte> messages, std::string_view attempt);
  std::optional<std::size_t> receive(std::span<std::byte> into, int flags,
                                     std::string_view attempt);
  std::optional<Bytes> dump_once(Bytes& request, std::string_view attempt);

  UniqueFd fd_;
  std::uint32_t port_ = 0;
  std::uint32_t next_sequence_ = 1;
  std::size_t send_room_ = 0;
};

}  // namespace blackstart::netlink
