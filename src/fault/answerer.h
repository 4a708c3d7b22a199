#pragma once

// Answers what the rules of a partition send it, like a router that has lost the way.
//
// Packets arrive at a device of ours where nobody else listens; the ICMP error goes to their
// sender, who is local, over loopback. The kernel could reject at such a device by itself, but
// its answer reaches a sender that is still inside connect(), which TCP takes for a hint and
// then waits a second for the next try; a router's answer comes a moment later, and so does ours.

#include <array>
#include <memory>

#include "fault/icmp_error.h"

namespace boost::asio {
class io_context;
}

namespace blackstart {

// Runs on whichever thread runs `io`, and must be destroyed on it.
class Answerer {
 public:
  // Opens its sockets in the calling thread's network namespace, where kHostAnswerDevice and
  // kPortAnswerDevice must exist and be up. Throws std::system_error. Needs CAP_NET_RAW.
  explicit Answerer(boost::asio::io_context& io);
  ~Answerer();
  Answerer(const Answerer&) = delete;
  Answerer& operator=(const Answerer&) = delete;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace blackstart
