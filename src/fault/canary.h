#pragma once

// Packets of our own through a device that delays, to measure what it does.
//
// A frame that is sent into an IFB of ours waits in its qdisc like any other; on its way out
// the kernel shows it to us with a timestamp (packet(7)), and then the IFB drops it, since
// nobody had redirected it there. So none ever leaves the machine or reaches anybody. Each
// takes a slot of 60 bytes in the queue.

#include <cstdint>
#include <map>
#include <string>

#include "blackstart/time.h"
#include "sys/fd.h"

namespace blackstart {

// Not thread-safe. Opens its sockets in the calling thread's network namespace; the rest works
// from anywhere. Failures are std::system_error.
class Canary {
 public:
  explicit Canary(const std::string& device);

  // One more, of which a delay of `asked` is expected. One that finds the queue full is lost.
  void send(Duration asked);

  struct Figures {
    std::uint64_t timed = 0;    // have come out
    Duration asked{}, added{};  // sums over those
    std::uint64_t lost = 0;     // have not, long after they should have
  };
  Figures figures();

 private:
  struct Sent {
    Duration at, asked;
  };
  void drain();
  void receive(std::uint64_t number, Duration at);

  UniqueFd in_, out_;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, Sent> under_way_;
  Figures figures_;
};

}  // namespace blackstart
