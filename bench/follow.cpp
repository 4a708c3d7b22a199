// A partition of a name that has a new address at every question.
//
//   through  of 10,000 connections, each to what its own question was answered with (TTL 1 s,
//            never the same twice), those that come about
//   answer   from a question to its answer, where the answer's address is put into the fault's
//            sets before it is released, beside a name that nobody follows
//
// Needs root, or run it under `unshare -rn`. Works in a namespace of its own, on loopback.

#include <arpa/inet.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "../tests/support/dns_bytes.h"
#include "../tests/support/dns_responder.h"
#include "../tests/support/loop_thread.h"
#include "dns/leads.h"
#include "fault/compiler.h"
#include "fault/enforcer.h"
#include "netlink/link.h"
#include "sys/clock.h"

namespace blackstart {
namespace {

constexpr int kConnections = 10'000;
constexpr int kBatch = 500;
constexpr std::uint16_t kUpstreamPort = 5'300, kPort = 5'555;
constexpr std::string_view kRotating = "rotating.example", kOther = "other.example";

class Cut final : public Fault {
 public:
  Needs needs(const Target&) const override { return Needs::nothing; }
  std::string in_words() const override { return "a partition"; }
  std::vector<std::string> objections(const Target&) const override { return {}; }
  void compile(FaultCompiler& into) const override { into.add_partition({}); }
};

test::DnsResponder::Bytes answer(const test::DnsResponder::Bytes& question) {
  static std::atomic<int> count = 0;
  const dns::Question asked = dns::parsed(question).question;
  const int n = asked.name.text() == kRotating ? ++count : 0;
  const std::string address = "127." + std::to_string(1 + n / 62'500) + '.' +
                              std::to_string(n / 250 % 250) + '.' + std::to_string(1 + n % 250);
  return dns::answer_bytes(asked.name.text(), dns::Type::a,
                           {{dns::Section::answer, asked.name.text(), dns::Type::a, 1, address}},
                           dns::Header::kQr | dns::Header::kRa, false, dns::id_of(question));
}

UniqueFd open_socket(int type) {
  return UniqueFd{check("socket", ::socket(AF_INET, type | SOCK_CLOEXEC, 0))};
}

sockaddr_in socket_address(const Address& address, std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  std::copy_n(address.bytes.begin(), 4, reinterpret_cast<std::uint8_t*>(&out.sin_addr));
  return out;
}

int connect_to(int fd, const Address& address, std::uint16_t port) {
  const sockaddr_in to = socket_address(address, port);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to);
}

struct Listener {
  UniqueFd fd = open_socket(SOCK_STREAM);
  Listener() {
    const sockaddr_in at = socket_address({}, kPort);
    check("bind", ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
    check("listen", ::listen(fd.get(), 4'096));
  }
};

// Questions to a server that is not there: the redirect brings them to us.
class Asker {
 public:
  Asker() { check("connect", connect_to(fd_.get(), {.v6 = false, .bytes = {127, 0, 0, 53}}, 53)); }

  Address ask(std::string_view name, std::vector<double>& took) {
    const MonotonicClock clock;
    const dns::Message question = dns::question_bytes(name);
    const RunTime asked = clock.now();
    check("send", ::send(fd_.get(), question.data(), question.size(), 0));
    dns::Message reply(512);
    const ssize_t got = check("recv", ::recv(fd_.get(), reply.data(), reply.size(), 0));
    took.push_back(milliseconds_of(clock.now() - asked));
    reply.resize(static_cast<std::size_t>(got));
    const dns::Leads leads = dns::leads_of(reply);
    if (leads.addresses.empty()) throw std::runtime_error{"an answer without an address"};
    return leads.addresses.front().address;
  }

 private:
  UniqueFd fd_ = open_socket(SOCK_DGRAM);
};

int get_through(Asker& asker, int count, std::vector<double>& took) {
  int through = 0;
  for (int done = 0; done < count; done += kBatch) {
    std::vector<UniqueFd> sockets;
    for (int i = 0; i < kBatch; ++i) {
      const Address to = asker.ask(kRotating, took);
      UniqueFd& fd = sockets.emplace_back(open_socket(SOCK_STREAM | SOCK_NONBLOCK));
      (void)connect_to(fd.get(), to, kPort);
    }
    ::poll(nullptr, 0, 100);
    for (const UniqueFd& fd : sockets) {
      pollfd entry{fd.get(), POLLOUT, 0};
      through += ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLERR) == 0 ? 1 : 0;
    }
  }
  return through;
}

void print(const char* what, std::vector<double> samples) {
  std::sort(samples.begin(), samples.end());
  const auto at = [&](double share) {
    return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
  };
  std::printf("%-28s p50 %7.3f ms   p99 %7.3f ms   max %7.3f ms\n", what, at(0.5), at(0.99),
              samples.back());
}

void measure() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error{"needs root: try `unshare -rn`"};
  }
  const rlimit many{4'096, 4'096};
  ::setrlimit(RLIMIT_NOFILE, &many);
  netlink::RouteSocket{}.set_up("lo");
  const test::DnsResponder upstream{[](const auto& question, bool) { return answer(question); },
                                    kUpstreamPort};
  const Listener listener;

  const Cut fault;
  Target target;
  target.names = {std::string{kRotating}};
  target.port = {{kPort, kPort}};
  EnforcerOptions options;
  options.upstreams = {Endpoint{{.v6 = false, .bytes = {127, 0, 0, 1}}, kUpstreamPort}};
  const MonotonicClock clock;
  test::LoopThread loop;
  Enforcer enforcer{loop.io(), clock, std::move(options),
                    compile_entries(std::vector{EntryToCompile{0, &fault, &target}})};
  loop.run([&] { enforcer.prepare(); });
  const auto switch_to = [&](std::vector<std::uint32_t> entries) {
    loop.run([&] { enforcer.switch_to(entries); });
  };
  std::atomic<bool> ended = false;
  std::thread heart{[&] {
    while (!ended) {
      loop.run([&] { enforcer.beat(); });
      ::poll(nullptr, 0, 1'000);
    }
  }};

  Asker asker;
  std::vector<double> followed, others, ignored;
  std::printf("%d connections before: %d through\n", kBatch, get_through(asker, kBatch, ignored));
  switch_to({0});
  const int through = get_through(asker, kConnections, followed);
  for (int i = 0; i < kConnections; ++i) (void)asker.ask(kOther, others);
  switch_to({});
  std::printf("%d connections under partition: %d through\n", kConnections, through);
  std::printf("%d connections after: %d through\n", kBatch, get_through(asker, kBatch, ignored));
  print("answer, followed, new", followed);
  print("answer, not followed", others);
  ended = true;
  heart.join();
  loop.run([&] { enforcer.release(); });
  if (through > 0) throw std::runtime_error{"a connection got through the partition"};
}

}  // namespace
}  // namespace blackstart

int main() {
  try {
    blackstart::measure();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_follow: %s\n", error.what());
    return 1;
  }
}
