#pragma once

// A DNS server for tests whose every answer is in the hands of a function.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "dns/edit.h"
#include "dns/message.h"
#include "sys/fd.h"

namespace blackstart::test {

// Listens on 127.0.0.1, UDP and TCP, of the namespace in which it is made.
class DnsResponder {
 public:
  using Bytes = std::vector<std::uint8_t>;
  // The whole answer to a whole question; empty: silence, or over TCP a close.
  using Handler = std::function<Bytes(const Bytes& question, bool over_tcp)>;

  explicit DnsResponder(Handler handler, std::uint16_t port = 53)
      : handler_{std::move(handler)}, udp_{open(SOCK_DGRAM, port)}, tcp_{open(SOCK_STREAM, port)} {
    check("listen", ::listen(tcp_.get(), 16));
    thread_ = std::thread{[this] { run(); }};
  }
  ~DnsResponder() {
    ending_ = true;
    thread_.join();
  }
  DnsResponder(const DnsResponder&) = delete;
  DnsResponder& operator=(const DnsResponder&) = delete;

  int questions() const { return questions_; }

 private:
  static UniqueFd open(int type, std::uint16_t port) {
    UniqueFd fd{check("socket", ::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
    const int on = 1;
    ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const void* raw = &address;
    check("bind", ::bind(fd.get(), static_cast<const sockaddr*>(raw), sizeof address));
    return fd;
  }

  void run() {
    while (!ending_) {
      std::array<pollfd, 2> entries{pollfd{udp_.get(), POLLIN, 0}, pollfd{tcp_.get(), POLLIN, 0}};
      if (::poll(entries.data(), entries.size(), 10) <= 0) continue;
      if (entries[0].revents != 0) answer_datagram();
      if (entries[1].revents != 0) answer_connection();
    }
  }

  void answer_datagram() {
    Bytes question(4096);
    sockaddr_in from{};
    socklen_t size = sizeof from;
    void* raw = &from;
    const ssize_t got = ::recvfrom(udp_.get(), question.data(), question.size(), 0,
                                   static_cast<sockaddr*>(raw), &size);
    if (got < 0) return;
    question.resize(static_cast<std::size_t>(got));
    ++questions_;
    const Bytes answer = handler_(question, false);
    if (answer.empty()) return;
    ::sendto(udp_.get(), answer.data(), answer.size(), 0, static_cast<sockaddr*>(raw), size);
  }

  void answer_connection() {
    const UniqueFd made{::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    std::array<std::uint8_t, 2> length{};
    if (::recv(made.get(), length.data(), 2, MSG_WAITALL) != 2) return;
    Bytes question(static_cast<std::size_t>(length[0]) << 8 | length[1]);
    if (::recv(made.get(), question.data(), question.size(), MSG_WAITALL) <= 0) return;
    ++questions_;
    Bytes answer = handler_(question, true);
    if (answer.empty()) return;
    const auto size = static_cast<std::uint16_t>(answer.size());
    const std::array<std::uint8_t, 2> prefix{static_cast<std::uint8_t>(size >> 8),
                                             static_cast<std::uint8_t>(size & 0xff)};
    answer.insert(answer.begin(), prefix.begin(), prefix.end());
    ::send(made.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  }

  Handler handler_;
  UniqueFd udp_, tcp_;
  std::atomic<bool> ending_ = false;
  std::atomic<int> questions_ = 0;
  std::thread thread_;
};

// An answer with records of the asked type, whose data are given as bytes.
inline DnsResponder::Bytes dns_answer(const DnsResponder::Bytes& question, dns::Rcode rcode,
                                      const std::vector<DnsResponder::Bytes>& rdata = {},
                                      std::uint16_t more_flags = 0) {
  dns::ParsedMessage parsed;
  if (dns::parse_message(question, parsed) != dns::Flaw::none) return {};
  dns::Header header = parsed.header;
  header.flags = static_cast<std::uint16_t>(dns::Header::kQr | dns::Header::kRd | dns::Header::kRa |
                                            more_flags | static_cast<std::uint16_t>(rcode));
  DnsResponder::Bytes out(4096);
  dns::MessageWriter writer{out, header};
  writer.question(parsed.question);
  for (const auto& data : rdata) {
    writer.record(dns::Section::answer, parsed.question.name, parsed.question.type, dns::Class::in,
                  60, data);
  }
  out.resize(writer.finish());
  return out;
}

}  // namespace blackstart::test
