#pragma once

// Both sides of a resolver under test, on one thread: clients that ask it, and an upstream that
// behaves as a test says. Sockets never block; DnsPeers::eventually() lets all of them act.

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "dns/answer.h"
#include "dns/edit.h"
#include "serve/dns_server.h"
#include "serve/socket.h"
#include "support/dns_bytes.h"
#include "support/kernel_test.h"
#include "sys/clock.h"

namespace blackstart {

using dns::Message;
using Messages = std::vector<Message>;
using namespace std::chrono_literals;

// `address`, at a port that the kernel picks.
inline Endpoint any_port(const char* address) { return {*parse_address(address), 0}; }

// Receives one datagram; nullopt where none is there.
inline std::optional<Message> receive_from(int fd, SocketAddress* from = nullptr) {
  Message bytes(limits::dns_message_bytes_max);
  SocketAddress sender;
  sender.length = sizeof(sockaddr_in6);
  const auto size =
      ::recvfrom(fd, bytes.data(), bytes.size(), MSG_DONTWAIT, &sender.any, &sender.length);
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size));
  if (from != nullptr) *from = sender;
  return bytes;
}

// A connected UDP client: the kernel shows it only what the asked address answers.
class UdpClient {
 public:
  explicit UdpClient(const Endpoint& server) : fd_{open_udp_to(server, 0)} {}

  void ask(const Message& question) const {
    check("send(question)", ::send(fd_.get(), question.data(), question.size(), 0));
  }
  std::optional<Message> answer() const { return receive_from(fd_.get()); }

 private:
  UniqueFd fd_;
};

// A TCP client that speaks in frames.
class TcpClient {
 public:
  explicit TcpClient(const Endpoint& server)
      : fd_{check("socket(tcp)", ::socket(server.address.v6 ? AF_INET6 : AF_INET,
                                          SOCK_STREAM | SOCK_CLOEXEC, 0))} {
    const SocketAddress to = to_socket_address(server);
    check("connect(tcp)", ::connect(fd_.get(), &to.any, to.length));
  }

  static Message framed(const Message& message) {
    Message out{static_cast<std::uint8_t>(message.size() >> 8),
                static_cast<std::uint8_t>(message.size() & 0xff)};
    out.insert(out.end(), message.begin(), message.end());
    return out;
  }
  void send(const Message& bytes) const {
    check("send(tcp)", ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL));
  }
  void ask(const Message& question) const { send(framed(question)); }
  void half_close() const { check("shutdown()", ::shutdown(fd_.get(), SHUT_WR)); }

  // The next whole answer that has come.
  std::optional<Message> answer() {
    read_some();
    if (in_.size() < 2) return std::nullopt;
    const std::size_t size = std::size_t{in_[0]} << 8 | in_[1];
    if (in_.size() < 2 + size) return std::nullopt;
    const auto end = in_.begin() + 2 + static_cast<std::ptrdiff_t>(size);
    Message out{in_.begin() + 2, end};
    in_.erase(in_.begin(), end);
    return out;
  }
  bool ended() {  // by FIN or RST
    read_some();
    return ended_;
  }
  bool was_reset() {
    read_some();
    return error_ == ECONNRESET;
  }
  int fd() const { return fd_.get(); }

 private:
  void read_some() {
    std::array<std::uint8_t, 4'096> chunk{};
    for (;;) {
      const auto size = ::recv(fd_.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
      if (size > 0) {
        in_.insert(in_.end(), chunk.begin(), chunk.begin() + size);
        continue;
      }
      if (size < 0 && errno == EAGAIN) return;
      ended_ = true;
      if (size < 0) error_ = errno;
      return;
    }
  }

  UniqueFd fd_;
  Message in_;
  bool ended_ = false;
  int error_ = 0;
};

// A resolver that a test plays. It notes every question and answers with what `behave` returns:
// any number of datagrams, or frames over TCP.
class FakeUpstream {
 public:
  struct Asked {
    Message question;
    SocketAddress from;
    bool tcp = false;
  };
  using Behaviour = std::function<Messages(const Asked&)>;

  explicit FakeUpstream(Behaviour behave, const Endpoint& at = any_port("127.0.0.1"))
      : behave_{std::move(behave)} {
    udp_ = open_udp_listener(at);
    endpoint_ = local_endpoint(udp_.get());
    tcp_ = open_tcp_listener(endpoint_);
  }

  bool hang_up = false;  // ends a TCP connection instead of answering

  Endpoint endpoint() const { return endpoint_; }
  const std::vector<Asked>& asked() const { return asked_; }

  void act() {
    Asked next;
    while (auto question = receive_from(udp_.get(), &next.from)) {
      next.question = std::move(*question);
      asked_.push_back(next);
      for (const Message& answer : behave_(next)) send_to(next.from, answer);
    }
    act_over_tcp();
  }
  void send_to(const SocketAddress& to, const Message& bytes) const {
    (void)::sendto(udp_.get(), bytes.data(), bytes.size(), 0, &to.any, to.length);
  }

 private:
  struct Connection {
    UniqueFd fd;
    Message in;
  };

  void act_over_tcp() {
    for (;;) {
      UniqueFd client{::accept4(tcp_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
      if (!client) break;
      connections_.push_back({std::move(client), {}});
    }
    for (Connection& one : connections_) serve(one);
  }
  void serve(Connection& one) {
    std::array<std::uint8_t, 4'096> chunk{};
    const auto size = ::recv(one.fd.get(), chunk.data(), chunk.size(), MSG_DONTWAIT);
    if (size <= 0) return;
    one.in.insert(one.in.end(), chunk.begin(), chunk.begin() + size);
    asked_.push_back({Message{one.in.begin() + 2, one.in.end()}, {}, true});
    one.in.clear();
    if (hang_up) return one.fd.reset();
    for (const Message& answer : behave_(Asked{asked_.back()})) {
      const Message frame = TcpClient::framed(answer);
      (void)::send(one.fd.get(), frame.data(), frame.size(), MSG_NOSIGNAL);
    }
  }

  Behaviour behave_;
  UniqueFd udp_, tcp_;
  Endpoint endpoint_;
  std::vector<Asked> asked_;
  std::list<Connection> connections_;
};

// 192.0.2.7 for whatever was asked, under its id.
inline Messages answer_well(const FakeUpstream::Asked& asked) {
  const auto question = dns::parsed(asked.question).question;
  return {dns::answer_bytes(question.name.text(), question.type,
                            {{dns::Section::answer, question.name.text(), question.type, 300,
                              question.type == dns::Type::a ? "192.0.2.7" : "2001:db8::7"}},
                            dns::Header::kQr | dns::Header::kRd | dns::Header::kRa, false,
                            dns::id_of(asked.question))};
}
inline Messages stay_silent(const FakeUpstream::Asked&) { return {}; }

// A rule for one pattern of names.
inline dns::FaultRule rule_for(std::string_view names, dns::AnswerKind answer,
                               std::uint32_t entry = 0) {
  dns::FaultRule rule;
  rule.entry = entry;
  rule.names = {*dns::NamePattern::from_text(names)};
  rule.answer = answer;
  return rule;
}

inline dns::Rcode rcode_of(const std::optional<Message>& answer) {
  return answer ? dns::read_header(*answer).value_or(dns::Header{}).rcode() : dns::Rcode{4095};
}

inline Message with_id(Message message, std::uint16_t id) {
  dns::set_id(message, id);
  return message;
}

// A server under test with its clients and upstreams, all in the test's namespace.
class DnsServerTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped() && !HasFatalFailure()) loopback_up();
  }

  // Rules are in force from the start.
  void start(DnsServerConfig config, std::vector<dns::FaultRule> rules = {}) {
    if (config.listen.empty()) config.listen = {any_port("127.0.0.1")};
    std::vector<std::uint32_t> in_force;
    for (const dns::FaultRule& rule : rules) in_force.push_back(rule.entry);
    faults_.emplace(std::move(rules), RunSeed{1});
    faults_->set_in_force(in_force);
    server_ = std::make_unique<DnsServer>(io_, config, *faults_, clock_);
  }
  void forward_to(const std::vector<Endpoint>& servers, std::vector<dns::FaultRule> rules = {}) {
    DnsServerConfig config;
    config.upstreams.assign(servers.begin(), servers.end());
    start(config, std::move(rules));
  }
  FakeUpstream& upstream(FakeUpstream::Behaviour behave,
                         const Endpoint& at = any_port("127.0.0.1")) {
    return upstreams_.emplace_back(std::move(behave), at);
  }

  // Lets everybody act until `ready` or for `patience`; what `ready` said last.
  bool eventually(const std::function<bool()>& ready, Duration patience = 5s) {
    const RunTime end = clock_.now() + patience;
    while (!ready()) {
      if (clock_.now() >= end) return false;
      if (io_.stopped()) io_.restart();
      io_.run_one_for(2ms);
      io_.poll();
      for (FakeUpstream& one : upstreams_) one.act();
    }
    return true;
  }
  template <class Client>
  std::optional<Message> next_answer(Client& client, Duration patience = 5s) {
    std::optional<Message> out;
    eventually([&] { return (out = client.answer()).has_value(); }, patience);
    return out;
  }
  template <class Client>
  std::optional<Message> ask(Client& client, const Message& question, Duration patience = 5s) {
    client.ask(question);
    return next_answer(client, patience);
  }
  void let_pass(Duration span) {
    (void)eventually([] { return false; }, span);
  }

  DnsServer& server() { return *server_; }
  Endpoint at(std::size_t i = 0) const { return server_->listening()[i]; }

  boost::asio::io_context io_{1};
  MonotonicClock clock_;
  std::optional<dns::FaultTable> faults_;
  std::list<FakeUpstream> upstreams_;
  std::unique_ptr<DnsServer> server_;
};

}  // namespace blackstart
