#pragma once

// One client's TCP connection (RFC 7766).

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "blackstart/address.h"
#include "blackstart/time.h"
#include "dns/name.h"

namespace blackstart {

// Hands questions out as they come and sends answers in the order in which they are given, so
// many questions may be under way at once. Bounded: it stops reading while too many questions
// or unread answers wait, and ends a connection that
//
//   has nothing under way for `idle`, or has not read an answer for so long;
//   has nothing under way but a question that a fault silenced, for `silence`;
//   was half-closed by the client, once all answers have left.
//
// Must be owned by a shared_ptr.
class TcpSession : public std::enable_shared_from_this<TcpSession> {
 public:
  struct Limits {
    std::chrono::milliseconds idle;
    std::chrono::milliseconds silence;
  };
  struct Hooks {
    // Each question is settled once: by one of the five calls below.
    std::function<void(const std::shared_ptr<TcpSession>&, dns::Bytes)> question;
    std::function<void(const std::shared_ptr<TcpSession>&)> closed;
  };

  TcpSession(boost::asio::ip::tcp::socket socket, const Limits& limits, const Clock& clock,
             Hooks hooks);

  void start();
  void stop();  // closes, and calls no hook any more

  void reply(std::span<const std::uint8_t> answer);
  void give_up();      // no answer, and none is to be expected
  void silence();      // a fault: no answer
  void hold_silent();  // a fault: no answer to this or any later question
  void reset();        // a fault: RST

  const Address& client() const { return client_; }
  bool idle() const { return under_way_ == 0 && out_.empty() && sending_.empty(); }
  void close();

 private:
  boost::asio::awaitable<void> read_questions();
  std::size_t take_questions(std::size_t filled);
  bool busy() const;
  void settle();
  void send_more();
  void send_rest();
  void took(std::size_t size);
  void watch();
  bool overdue() const;
  Duration patience() const;

  boost::asio::ip::tcp::socket socket_;
  Limits limits_;
  const Clock& clock_;
  Hooks hooks_;
  Address client_;
  boost::asio::steady_timer watch_;
  boost::asio::steady_timer room_;  // cancelled when reading may go on

  std::unique_ptr<std::uint8_t[]> in_;  // one message of full size; not cleared
  std::vector<std::uint8_t> out_, sending_;
  std::size_t sent_ = 0;  // of sending_
  std::size_t under_way_ = 0;
  RunTime active_;
  bool closed_ = false, half_closed_ = false, silenced_ = false, held_ = false;
};

}  // namespace blackstart
