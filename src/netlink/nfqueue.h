#pragma once

// One NFQUEUE queue: packets that a QueueTo rule hands to this process, and its verdicts.
//
// Every queue has a socket of its own, so that a flood into one never crowds out the packets of
// another. What the kernel does in the cases that matter (nfnetlink_queue.c; the lengths and
// flags since Linux 3.10):
//
//   nobody has bound the number   the rule lets packets through (its bypass flag)
//   the process falls behind      packets that no longer fit pass at once, unharmed: fail-open.
//                                 The host is never cut off by us; the packets are counted as
//                                 missed()
//   the socket closes (SIGKILL)   what it still held is dropped, later packets pass

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "netlink/message.h"
#include "netlink/socket.h"

namespace blackstart::netlink {

struct QueuedPacket {
  std::uint32_t id = 0;         // of this queue; rising from 1
  std::uint32_t bytes = 0;      // length of the IP packet
  std::uint32_t interface = 0;  // that it came in by; 0: a packet of this host's own
  bool v6 = false;
  ByteView payload;  // from the IP header on; all of it where Settings ask for it
};

// Room for one read of packets. Serves any number of queues, one after the other.
class QueueInbox {
 public:
  QueueInbox();

 private:
  friend class NfQueue;
  static constexpr std::size_t kMessages = 64;

  std::unique_ptr<std::byte[]> bytes_;
  std::array<QueuedPacket, kMessages> packets_;
};

// Not thread-safe, but free to move between threads. Every failure is a std::system_error that
// says what was attempted.
class NfQueue {
 public:
  struct Settings {
    std::uint32_t packets_max = 65'536;  // that the kernel holds; more pass at once
    bool payload = false;                // hand over whole packets
    // Cut what the stack handles as one (GSO, up to 64 KiB) into packets as they were or will be
    // on the wire, with their checksums complete. Dearer by as many packets.
    bool segments = false;

    bool operator==(const Settings&) const = default;
  };

  // Binds in the calling thread's network namespace; EBUSY or EPERM: another process has it.
  // Packets must not come yet: let the rule that sends them here match afterwards.
  NfQueue(std::uint16_t number, const Settings& settings);

  std::uint16_t number() const { return number_; }
  int fd() const { return socket_.fd(); }

  // For packets that come from now on. With `packets_max` 0 they all pass at once.
  void change(const Settings& settings);

  // What is waiting, or nothing; never blocks. Valid until the next use of `inbox`.
  std::span<const QueuedPacket> receive(QueueInbox& inbox);

  // Packets that passed without having been handed over, because this process was too slow.
  std::uint64_t missed() const { return last_id_ - received_; }

  // Verdicts are gathered, in order, and take effect by flush(): each packet needs one. One
  // about a packet that the kernel no longer has (its interface went down) is ignored.
  void accept(std::uint32_t id);
  void accept_up_to(std::uint32_t id);  // everything held with an id of at most that
  void accept_all() { accept_up_to(static_cast<std::uint32_t>(last_id_)); }  // handed over so far
  void accept_changed(std::uint32_t id, ByteView payload);                   // as long as it was
  void drop(std::uint32_t id);
  void flush();

 private:
  void verdict(std::uint8_t type, std::uint32_t id, std::uint32_t code);

  Socket socket_;
  std::uint16_t number_;
  Bytes verdicts_;
  std::uint64_t last_id_ = 0, received_ = 0;
};

}  // namespace blackstart::netlink
