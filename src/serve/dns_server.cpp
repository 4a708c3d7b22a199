#include "serve/dns_server.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <system_error>
#include <utility>

#include "dns/answer.h"
#include "dns/edit.h"
#include "serve/delay_queue.h"
#include "serve/socket.h"
#include "serve/tcp_front.h"
#include "serve/tcp_upstream.h"
#include "serve/udp_front.h"
#include "serve/udp_upstream.h"

namespace blackstart {
namespace {

namespace asio = boost::asio;

constexpr int kPortTries = 16;  // a port that is free by UDP may be taken by TCP

UniqueFd keep(int netns_fd) {
  if (netns_fd < 0) return {};
  return UniqueFd{check("fcntl(F_DUPFD_CLOEXEC, netns)", ::fcntl(netns_fd, F_DUPFD_CLOEXEC, 0))};
}

struct ListenerPair {
  Endpoint at;
  UniqueFd udp, tcp;
};

ListenerPair open_listeners(const Endpoint& wanted) {
  for (int tries = 1;; ++tries) {
    ListenerPair out{wanted, open_udp_listener(wanted), {}};
    out.at.port = local_endpoint(out.udp.get()).port;
    try {
      out.tcp = open_tcp_listener(out.at);
      return out;
    } catch (const std::system_error&) {
      if (wanted.port != 0 || tries == kPortTries) throw;
    }
  }
}

// Those of `config` that would not lead back to us.
std::vector<Nameserver> others(const DnsServerConfig& config,
                               const std::vector<Endpoint>& listening) {
  std::vector<Nameserver> out = config.upstreams;
  std::erase_if(out, [&](const Nameserver& server) {
    return std::ranges::find(listening, server.endpoint) != listening.end();
  });
  return out;
}

}  // namespace

class DnsServer::Impl : public std::enable_shared_from_this<Impl> {
 public:
  Impl(asio::io_context& io, const DnsServerConfig& config, dns::FaultTable& faults,
       const Clock& clock)
      : io_{io},
        config_{config},
        netns_{keep(config.netns_fd)},
        faults_{faults},
        clock_{clock},
        held_{config.held_max},
        delay_timer_{io} {}

  void start();
  void stop();

  const std::vector<Endpoint>& listening() const { return listening_; }
  const DnsServerCounters& counters() const { return counters_; }
  void close_idle_tcp() { tcp_front_->close_idle(); }
  void ask(const dns::Question& question, Asked done);

 private:
  struct Held {
    Transaction transaction;
    std::vector<std::uint8_t> answer;
  };

  UpstreamHooks upstream_hooks();
  void open_fronts();

  void on_udp_question(UdpFront& front, const UdpFront::Question& question);
  void on_tcp_question(const std::shared_ptr<TcpSession>& session, dns::Bytes question);
  void forward(Transaction transaction, const dns::Plan& plan, dns::Bytes question);

  void on_answer(Transaction& transaction, dns::Bytes question, std::span<std::uint8_t> answer);
  void on_refusal(Transaction& transaction, dns::Bytes question);
  void on_silence(Transaction& transaction);

  void send(Transaction& transaction, std::span<const std::uint8_t> answer);
  void send_copy(Transaction& transaction, std::span<const std::uint8_t> answer);
  void hold(Transaction transaction, std::span<const std::uint8_t> answer);
  void wait_for_held();
  void send_due();
  void flush_fronts();

  asio::io_context& io_;
  DnsServerConfig config_;
  UniqueFd netns_;
  dns::FaultTable& faults_;
  const Clock& clock_;
  DnsServerCounters counters_;

  std::vector<Endpoint> listening_;
  std::vector<std::shared_ptr<UdpFront>> udp_fronts_;
  std::shared_ptr<TcpFront> tcp_front_;
  std::shared_ptr<UdpUpstreams> udp_upstreams_;
  std::shared_ptr<TcpUpstreams> tcp_upstreams_;

  DelayQueue<Held> held_;
  asio::steady_timer delay_timer_;
  std::optional<RunTime> delay_timer_at_;
  std::array<std::uint8_t, limits::dns_message_bytes_max> scratch_;
};

void DnsServer::Impl::start() {
  open_fronts();
  const auto servers = others(config_, listening_);
  udp_upstreams_ = std::make_shared<UdpUpstreams>(io_, config_, servers, netns_, clock_, counters_,
                                                  upstream_hooks());
  tcp_upstreams_ =
      std::make_shared<TcpUpstreams>(io_, config_, servers, netns_, counters_, upstream_hooks());
  for (const auto& front : udp_fronts_) front->start();
}

void DnsServer::Impl::open_fronts() {
  const MaybeInNetns inside{netns_};
  tcp_front_ = std::make_shared<TcpFront>(
      io_, TcpSession::Limits{config_.tcp_idle, config_.tcp_silence}, config_.tcp_connections_max,
      clock_, counters_.overflowed,
      [this](const auto& session, dns::Bytes question) { on_tcp_question(session, question); });
  for (const Endpoint& wanted : config_.listen) {
    ListenerPair opened = open_listeners(wanted);
    listening_.push_back(opened.at);
    const UdpFront::Hooks hooks{[this](UdpFront& front, const UdpFront::Question& question) {
                                  on_udp_question(front, question);
                                },
                                [this] {
                                  udp_upstreams_->flush();
                                  flush_fronts();
                                }};
    udp_fronts_.push_back(
        std::make_shared<UdpFront>(io_, std::move(opened.udp), udp_fronts_.size(), hooks));
    tcp_front_->listen_on(std::move(opened.tcp), opened.at.address.v6);
  }
}

UpstreamHooks DnsServer::Impl::upstream_hooks() {
  return {
      [this](Transaction& transaction, dns::Bytes question, std::span<std::uint8_t> answer) {
        on_answer(transaction, question, answer);
      },
      [this](Transaction& transaction, dns::Bytes question) { on_refusal(transaction, question); },
      [this](Transaction& transaction) { on_silence(transaction); }, [this] { flush_fronts(); }};
}

void DnsServer::Impl::stop() {
  delay_timer_.cancel();
  for (const auto& front : udp_fronts_) front->stop();
  if (tcp_front_) tcp_front_->stop();
  if (udp_upstreams_) udp_upstreams_->stop();
  if (tcp_upstreams_) tcp_upstreams_->stop();
}

void DnsServer::Impl::on_udp_question(UdpFront& front, const UdpFront::Question& question) {
  ++counters_.udp_questions;
  const std::span<std::uint8_t> room = front.room();
  const dns::Plan plan =
      faults_.decide(question.bytes, dns::Transport::udp, to_endpoint(question.from).address, room);
  const bool at_once = plan.what == dns::Plan::What::reply && plan.delay == Duration::zero();
  if (at_once) {
    ++counters_.answered;
    if (config_.releasing) config_.releasing(room.first(plan.size));
    return front.reply(room.first(plan.size), question.from, question.asked);
  }
  if (plan.what != dns::Plan::What::reply && plan.what != dns::Plan::What::forward) {
    ++counters_.silenced;
    return;
  }
  Transaction transaction;
  transaction.front = front.number();
  transaction.client = question.from;
  transaction.asked = question.asked;
  transaction.delay = plan.delay;
  if (plan.what == dns::Plan::What::forward) {
    return forward(std::move(transaction), plan, question.bytes);
  }
  ++counters_.answered;
  hold(std::move(transaction), room.first(plan.size));
}

void DnsServer::Impl::on_tcp_question(const std::shared_ptr<TcpSession>& session,
                                      dns::Bytes question) {
  ++counters_.tcp_questions;
  const dns::Plan plan = faults_.decide(question, dns::Transport::tcp, session->client(), scratch_);
  Transaction transaction;
  transaction.tcp = true;
  transaction.session = session;
  transaction.delay = plan.delay;
  switch (plan.what) {
    case dns::Plan::What::forward:
      return forward(std::move(transaction), plan, question);
    case dns::Plan::What::reply:
      ++counters_.answered;
      return send_copy(transaction, std::span{scratch_}.first(plan.size));
    case dns::Plan::What::silence:
      ++counters_.silenced;
      return session->silence();
    case dns::Plan::What::hold_silent:
      ++counters_.silenced;
      return session->hold_silent();
    case dns::Plan::What::reset:
      ++counters_.silenced;
      return session->reset();
  }
}

void DnsServer::Impl::forward(Transaction transaction, const dns::Plan& plan, dns::Bytes question) {
  ++counters_.forwarded;
  transaction.id = dns::id_of(question);
  transaction.ttl_cap = plan.ttl_cap;
  transaction.learn = plan.learn;
  if (plan.alias) {
    transaction.alias = plan.alias;
    transaction.alias_ttl = plan.alias_ttl;
    transaction.original.assign(question.begin(), question.end());
    const std::size_t size = dns::ask_for_alias(question, *plan.alias, scratch_);
    if (size == 0) return on_refusal(transaction, question);
    question = std::span{scratch_}.first(size);
  }
  if (transaction.tcp) {
    tcp_upstreams_->ask(std::move(transaction), question);
  } else {
    udp_upstreams_->ask(std::move(transaction), question);
  }
}

void DnsServer::Impl::ask(const dns::Question& question, Asked done) {
  Transaction transaction;
  transaction.own = std::move(done);
  const std::size_t size = dns::write_question(scratch_, 0, question);
  udp_upstreams_->ask(std::move(transaction), std::span{scratch_}.first(size));
  udp_upstreams_->flush();
}

void DnsServer::Impl::on_answer(Transaction& transaction, dns::Bytes question,
                                std::span<std::uint8_t> answer) {
  ++counters_.passed_on;
  if (transaction.learn) faults_.learn(question, answer);
  if (transaction.ttl_cap) (void)dns::cap_ttls(answer, *transaction.ttl_cap);
  if (transaction.alias) {
    question = transaction.original;
    answer = std::span{scratch_}.first(dns::answer_through_alias(
        question, *transaction.alias, transaction.alias_ttl, answer, scratch_));
  }
  if (answer.size() < dns::kHeaderBytes) return on_silence(transaction);
  if (transaction.own && !transaction.tcp && dns::read_header(answer)->has(dns::Header::kTc)) {
    transaction.tcp = true;
    return tcp_upstreams_->ask(std::move(transaction), question);
  }
  dns::set_id(answer, transaction.id);
  if (!transaction.tcp && !transaction.own && answer.size() > limits::dns_udp_bytes_plain) {
    dns::ParsedMessage asked;
    const bool whole = dns::parse_message(question, asked) == dns::Flaw::none;
    const std::size_t limit = whole ? dns::udp_limit(asked) : limits::dns_udp_bytes_plain;
    answer = answer.first(dns::truncate_for(answer, limit));
  }
  if (transaction.alias) {
    send_copy(transaction, answer);
  } else {
    send(transaction, answer);
  }
}

void DnsServer::Impl::on_refusal(Transaction& transaction, dns::Bytes question) {
  if (transaction.alias) question = transaction.original;
  const std::size_t size = dns::servfail_for(question, dns::Ede::network_error, scratch_);
  if (size == 0) return on_silence(transaction);
  dns::set_id(scratch_, transaction.id);
  send_copy(transaction, std::span{scratch_}.first(size));
}

void DnsServer::Impl::on_silence(Transaction& transaction) {
  if (transaction.own) return transaction.own({});
  if (const auto session = transaction.session.lock()) session->give_up();
}

// `answer` stays until the fronts are flushed.
void DnsServer::Impl::send(Transaction& transaction, std::span<const std::uint8_t> answer) {
  if (transaction.delay > Duration::zero()) return hold(std::move(transaction), answer);
  if (config_.releasing) config_.releasing(answer);
  if (transaction.own) return transaction.own(answer);
  if (transaction.tcp) {
    if (const auto session = transaction.session.lock()) session->reply(answer);
    return;
  }
  udp_fronts_[transaction.front]->reply(answer, transaction.client, transaction.asked);
}

void DnsServer::Impl::send_copy(Transaction& transaction, std::span<const std::uint8_t> answer) {
  const bool copied_anyway = transaction.own || transaction.tcp;
  if (copied_anyway || transaction.delay > Duration::zero()) return send(transaction, answer);
  const std::span<std::uint8_t> room = udp_fronts_[transaction.front]->room();
  std::ranges::copy(answer, room.begin());
  send(transaction, room.first(answer.size()));
}

void DnsServer::Impl::hold(Transaction transaction, std::span<const std::uint8_t> answer) {
  const RunTime due = clock_.now() + std::exchange(transaction.delay, Duration::zero());
  const std::weak_ptr<TcpSession> session = transaction.session;
  if (held_.push(due, {std::move(transaction), {answer.begin(), answer.end()}})) {
    return wait_for_held();
  }
  ++counters_.overflowed;
  if (const auto waiting = session.lock()) waiting->give_up();
}

void DnsServer::Impl::wait_for_held() {
  const auto due = held_.next_due();
  if (!due || due == delay_timer_at_) return;
  delay_timer_at_ = due;
  delay_timer_.expires_after(std::max(*due - clock_.now(), Duration::zero()));
  delay_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& ended) {
    const auto self = weak.lock();
    if (!self || ended) return;
    self->delay_timer_at_.reset();
    self->send_due();
    self->wait_for_held();
  });
}

void DnsServer::Impl::send_due() {
  const RunTime now = clock_.now();
  std::vector<Held> leaving;
  leaving.reserve(kUdpBatch);
  do {
    leaving.clear();
    while (leaving.size() < kUdpBatch) {
      auto next = held_.pop_due(now);
      if (!next) break;
      leaving.push_back(std::move(*next));
    }
    for (Held& one : leaving) send(one.transaction, one.answer);
    flush_fronts();
  } while (leaving.size() == kUdpBatch);
}

void DnsServer::Impl::flush_fronts() {
  for (const auto& front : udp_fronts_) counters_.unsent += front->flush();
}

DnsServer::DnsServer(asio::io_context& io, const DnsServerConfig& config, dns::FaultTable& faults,
                     const Clock& clock)
    : impl_{std::make_shared<Impl>(io, config, faults, clock)} {
  impl_->start();
}

DnsServer::~DnsServer() { impl_->stop(); }

std::vector<Endpoint> DnsServer::listening() const { return impl_->listening(); }
DnsServerCounters DnsServer::counters() const { return impl_->counters(); }
void DnsServer::close_idle_tcp() { impl_->close_idle_tcp(); }
void DnsServer::ask(const dns::Question& question, Asked done) {
  impl_->ask(question, std::move(done));
}

}  // namespace blackstart
