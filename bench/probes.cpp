// How late 200 http probes at 100 ms each are sent from one core, and what one sample costs
// beside a bare libcurl transfer of the same request in the same run.
//
// The server, a forked epoll loop, has core 1; the prober and then its peer have core 0. The
// peer is libcurl's easy interface in a loop, with a fresh connection for each request: the
// least that such a sample can cost. Load generators make a poor peer, since they keep their
// connections or are closed-loop, and then there is no lateness to compare.

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "probe/host.h"
#include "probe/prober.h"
#include "probe/registry.h"
#include "sys/clock.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kProbes = 200;
constexpr Duration kEvery = 100ms;
constexpr std::chrono::seconds kSpan{10};
constexpr int kPeerRequests = 5'000;

void pin_to(unsigned core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  check("sched_setaffinity", ::sched_setaffinity(0, sizeof set, &set));
}

Duration cpu_used() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto span = [](const timeval& t) {
    return std::chrono::seconds{t.tv_sec} + std::chrono::microseconds{t.tv_usec};
  };
  return span(usage.ru_utime) + span(usage.ru_stime);
}

struct Listener {
  UniqueFd fd;
  std::uint16_t port = 0;
};

Listener listen_on_loopback() {
  Listener listener{UniqueFd{check("socket", ::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0))}};
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  void* raw = &address;
  socklen_t size = sizeof address;
  check("bind", ::bind(listener.fd.get(), static_cast<sockaddr*>(raw), size));
  check("listen", ::listen(listener.fd.get(), 4096));
  check("getsockname", ::getsockname(listener.fd.get(), static_cast<sockaddr*>(raw), &size));
  listener.port = ntohs(address.sin_port);
  return listener;
}

// Answers whatever comes; one read is one request.
[[noreturn]] void serve(const Listener& listener) {
  constexpr std::string_view kAnswer =
      "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n"
      "{\"balance\":42.5}";
  const int poller = check("epoll_create1", ::epoll_create1(0));
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.fd = listener.fd.get();
  ::epoll_ctl(poller, EPOLL_CTL_ADD, listener.fd.get(), &event);
  std::array<epoll_event, 256> ready;
  for (;;) {
    const int count = ::epoll_wait(poller, ready.data(), ready.size(), -1);
    for (int i = 0; i < count; ++i) {
      const int fd = ready[static_cast<std::size_t>(i)].data.fd;
      if (fd == listener.fd.get()) {
        for (int made; (made = ::accept4(fd, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          event.data.fd = made;
          ::epoll_ctl(poller, EPOLL_CTL_ADD, made, &event);
        }
        continue;
      }
      std::array<char, 4096> request;
      if (::read(fd, request.data(), request.size()) <= 0 ||
          ::write(fd, kAnswer.data(), kAnswer.size()) < 0) {
        ::close(fd);
      }
    }
  }
}

struct Figures {
  std::vector<Duration> lateness;
  std::size_t ok = 0;
  Duration cpu{};
  Duration wall{};
};

Figures run_probes(const std::string& url) {
  Node node;
  node.kind = Node::Kind::map;
  Node value;
  value.kind = Node::Kind::scalar;
  value.text = url;
  node.members.push_back({"http", {}, value});
  Diagnostics mistakes;
  const ProbeKind& kind = *probe_kinds().front();
  std::vector<ProbeSpec> probes(kProbes);
  for (ProbeSpec& probe : probes) {
    probe.check = kind.parse(ParamReader{node, mistakes});
    probe.every = kEvery;
  }

  boost::asio::io_context loop{1};
  const MonotonicClock clock;
  ProbeHost host{loop, clock};
  Figures figures;
  Prober prober{host, probes, [&](const ProbeSample& sample) {
                  figures.lateness.push_back(sample.sent - sample.due);
                  if (sample.result.outcome == Outcome::ok) ++figures.ok;
                }};
  const Duration before = cpu_used();
  prober.start(clock.now() + 50ms);
  loop.run_for(kSpan);
  figures.cpu = cpu_used() - before;
  figures.wall = kSpan;
  prober.stop();
  loop.restart();
  loop.run_for(1s);
  return figures;
}

std::size_t discard(char*, std::size_t size, std::size_t count, void*) { return size * count; }

// The CPU time of one bare transfer.
Duration run_peer(const std::string& url) {
  const Duration before = cpu_used();
  for (int i = 0; i < kPeerRequests; ++i) {
    CURL* transfer = ::curl_easy_init();
    ::curl_easy_setopt(transfer, CURLOPT_URL, url.c_str());
    ::curl_easy_setopt(transfer, CURLOPT_NOSIGNAL, 1L);
    ::curl_easy_setopt(transfer, CURLOPT_WRITEFUNCTION, &discard);
    if (::curl_easy_perform(transfer) != CURLE_OK) std::abort();
    ::curl_easy_cleanup(transfer);
  }
  return (cpu_used() - before) / kPeerRequests;
}

void print(Figures figures, Duration peer) {
  if (figures.lateness.empty()) return;
  std::ranges::sort(figures.lateness);
  const auto at = [&](double share) {
    const auto last = static_cast<double>(figures.lateness.size() - 1);
    return milliseconds_of(figures.lateness[static_cast<std::size_t>(share * last)]);
  };
  const std::size_t samples = figures.lateness.size();
  const Duration sample = figures.cpu / static_cast<std::int64_t>(samples);
  std::printf("%zu http probes at %.0f ms, fresh connections, for %.0f s on one core\n", kProbes,
              milliseconds_of(kEvery), seconds_of(figures.wall));
  std::printf("samples %zu (%zu ok), %.0f each second\n", samples, figures.ok,
              static_cast<double>(samples) / seconds_of(figures.wall));
  std::printf("lateness p50 %.3f ms, p99 %.3f ms, max %.3f ms (goal: p99 < 5 ms)\n", at(0.5),
              at(0.99), at(1.0));
  std::printf("CPU %.1f %% of the core; %.0f us a sample, bare libcurl %.0f us, ratio %.2f\n",
              100.0 * seconds_of(figures.cpu) / seconds_of(figures.wall), seconds_of(sample) * 1e6,
              seconds_of(peer) * 1e6, seconds_of(sample) / seconds_of(peer));
}

int run() {
  const Listener listener = listen_on_loopback();
  const pid_t server = check("fork", ::fork());
  if (server == 0) {
    pin_to(1);
    serve(listener);
  }
  pin_to(0);
  const std::string url = "http://127.0.0.1:" + std::to_string(listener.port) + "/balance/alice";
  const Figures figures = run_probes(url);
  const Duration peer = run_peer(url);
  ::kill(server, SIGKILL);
  ::waitpid(server, nullptr, 0);
  print(figures, peer);
  return 0;
}

}  // namespace
}  // namespace blackstart

int main() { return blackstart::run(); }
