#pragma once

// One UDP socket that clients ask.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "serve/udp_batch.h"

namespace blackstart {

// Takes questions and sends answers by the batch. Answers leave with the next flush(), in the
// order they were given. Must be owned by a shared_ptr; stop() before letting go of it.
class UdpFront : public std::enable_shared_from_this<UdpFront> {
 public:
  struct Question {
    std::span<std::uint8_t> bytes;
    const SocketAddress& from;
    AskedAddress asked;
  };
  struct Hooks {
    std::function<void(UdpFront&, const Question&)> question;
    std::function<void()> settled;  // after each batch: time to flush
  };

  UdpFront(boost::asio::io_context& io, UniqueFd socket, std::size_t number, Hooks hooks);

  void start();
  void stop();
  std::size_t number() const { return number_; }

  // Where to write the next answer, at least a whole message. Valid until the next call of
  // room(), reply() or flush(); what reply() was given of it stays until it is sent.
  std::span<std::uint8_t> room();

  // `answer` must stay until flush().
  void reply(std::span<const std::uint8_t> answer, const SocketAddress& to,
             const AskedAddress& from);

  // Returns how many answers the kernel would not take.
  std::size_t flush();

 private:
  void wait_for_questions();
  void take_questions();

  boost::asio::posix::stream_descriptor socket_;
  std::size_t number_;
  bool wildcard_;
  Hooks hooks_;
  UdpInbox inbox_;
  UdpOutbox outbox_;
  std::unique_ptr<std::uint8_t[]> arena_;
  std::size_t used_ = 0;  // of arena_, by answers that are not sent yet
  std::size_t unsent_ = 0;
};

}  // namespace blackstart
