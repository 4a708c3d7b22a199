// Thousands of connections through two proxies while toxics come and go a hundred times a second.
// For a build with sanitizers: what leaks, races or is used after its end is theirs to find. This
// program looks at the bytes: through toxics that harm none, every byte comes back in its order;
// through those that end connections, what comes is a beginning of it.
//
//   proxies_soak [CONNECTIONS [SECONDS]]   10000 for 600, unless told; fewer where a process may
//                                          not have two descriptors for each
//
// Exits with 0 when all was right, and prints what was carried and how the memory went.

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "serve/proxies.h"
#include "serve/socket.h"
#include "sys/clock.h"

namespace blackstart {
namespace {

constexpr std::array kHarmless{"latency", "bandwidth", "slicer", "slow_close", "noop", "slow_open"};
constexpr std::array kEnding{"timeout", "limit_data", "reset_peer", "limit_time"};
constexpr std::size_t kMessageMost = 4'000;
constexpr std::size_t kProxies = 20;
constexpr std::chrono::milliseconds kBetweenChanges{10};

// Whether that proxy has toxics which end connections.
bool may_end(std::size_t proxy) { return proxy % 5 == 4; }
std::string name_of(std::size_t proxy) { return "proxy_" + std::to_string(proxy); }

// What that stream has from `offset` on: two messages at least.
const char* bytes_at(std::uint64_t stream, std::uint64_t offset) {
  constexpr std::size_t kPeriod = 1 << 16;
  static const std::vector<char> all = [] {
    std::vector<char> some(kPeriod + 2 * kMessageMost);
    std::minstd_rand random;
    for (std::size_t i = 0; i < kPeriod; ++i) some[i] = static_cast<char>(random() >> 8);
    std::copy_n(some.begin(), 2 * kMessageMost, some.begin() + kPeriod);
    return some;
  }();
  return all.data() + (977 * stream + offset) % kPeriod;
}

std::size_t resident_kib() {
  std::ifstream in{"/proc/self/statm"};
  std::size_t all = 0, resident = 0;
  in >> all >> resident;
  return resident * 4;
}

// A server that sends back what it gets.
class Echo {
 public:
  Echo() : listener_{open_tcp_listener({parse_address("127.0.0.1").value(), 0})} {}

  std::string address() const { return to_text(local_endpoint(listener_.get())); }

  [[noreturn]] void run() {
    watch(listener_.get());
    std::array<epoll_event, 256> events;
    std::array<char, 2 * kMessageMost> bytes;
    for (;;) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), -1);
      for (int i = 0; i < count; ++i) {
        const int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == listener_.get()) {
          const int taken = ::accept4(fd, nullptr, nullptr, SOCK_CLOEXEC);
          if (taken >= 0) watch(taken);
          continue;
        }
        const ssize_t got = ::recv(fd, bytes.data(), bytes.size(), MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN) continue;
        // A client has one message under way, which its socket has room for.
        if (got <= 0 || ::send(fd, bytes.data(), static_cast<std::size_t>(got),
                               MSG_NOSIGNAL | MSG_DONTWAIT) != got) {
          ::close(fd);
        }
      }
    }
  }

 private:
  void watch(int fd) {
    epoll_event event{.events = EPOLLIN, .data = {.fd = fd}};
    check("epoll_ctl()", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event));
  }

  UniqueFd epoll_{check("epoll_create1()", ::epoll_create1(EPOLL_CLOEXEC))};
  UniqueFd listener_;
};

// A connection that sends a message when the last one is back.
struct Caller {
  std::uint64_t stream = 0;
  Endpoint to{};
  bool may_end = false;
  UniqueFd fd{};
  std::uint64_t sent = 0, back = 0;
};

// All clients.
class Callers {
 public:
  // As many to each of `proxies`.
  Callers(std::size_t connections, const std::vector<Endpoint>& proxies) : callers_(connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      callers_[i].stream = i;
      callers_[i].to = proxies[i % proxies.size()];
      callers_[i].may_end = may_end(i % proxies.size());
      connect(callers_[i]);
    }
  }

  // Calls for so long; prints what came of it, and returns whether all was right.
  bool call(std::chrono::seconds span) {
    const MonotonicClock clock;
    std::array<epoll_event, 256> events;
    while (clock.now().since_start < span) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 100);
      for (int i = 0; i < count; ++i) {
        take_back(*static_cast<Caller*>(events[static_cast<std::size_t>(i)].data.ptr));
      }
    }
    std::printf(
        "%zu connections for %lld s: %llu bytes back, %llu ended and made anew, %zu wrong\n",
        callers_.size(), static_cast<long long>(span.count()),
        static_cast<unsigned long long>(bytes_), static_cast<unsigned long long>(anew_), wrong_);
    return wrong_ == 0 && bytes_ > 0;
  }

 private:
  void connect(Caller& caller) {
    const SocketAddress address = to_socket_address(caller.to);
    caller.fd = UniqueFd{check("socket()", ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))};
    check("connect()", ::connect(caller.fd.get(), &address.any, address.length));
    caller.sent = caller.back = 0;
    epoll_event event{.events = EPOLLIN, .data = {.ptr = &caller}};
    check("epoll_ctl()", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, caller.fd.get(), &event));
    send_one(caller);
  }

  void send_one(Caller& caller) {
    const ssize_t sent = ::send(caller.fd.get(), bytes_at(caller.stream, caller.sent),
                                1 + random_() % kMessageMost, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) caller.sent += static_cast<std::uint64_t>(sent);
  }

  void take_back(Caller& caller) {
    std::array<char, 2 * kMessageMost> bytes;
    const ssize_t got = ::recv(caller.fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) {
      if (!caller.may_end) ++wrong_;
      ++anew_;
      return connect(caller);
    }
    const auto size = static_cast<std::size_t>(got);
    if (std::memcmp(bytes.data(), bytes_at(caller.stream, caller.back), size) != 0) ++wrong_;
    caller.back += size;
    bytes_ += size;
    if (caller.back == caller.sent) send_one(caller);
  }

  UniqueFd epoll_{check("epoll_create1()", ::epoll_create1(EPOLL_CLOEXEC))};
  std::mt19937 random_{2};
  std::vector<Caller> callers_;
  std::uint64_t bytes_ = 0, anew_ = 0;
  std::size_t wrong_ = 0;
};

toxic::Toxic some_toxic(std::mt19937& random, bool ends, std::uint64_t number) {
  const std::string kind =
      ends ? kEnding[random() % kEnding.size()] : kHarmless[random() % kHarmless.size()];
  const auto some = [&](std::uint32_t most) { return static_cast<std::int64_t>(random() % most); };
  toxic::Toxic toxic;
  toxic.name = kind + '_' + std::to_string(number);
  toxic.kind = toxic::find_kind(kind);
  toxic.stream = some(2) == 0 ? toxic::Stream::upstream : toxic::Stream::downstream;
  toxic.toxicity = ends ? 0.05F : 0.5F;
  toxic.values = {10 + some(100), some(50), some(50)};
  if (kind == "limit_data") toxic.values[0] = 1'000 * some(50);
  if (kind == "slicer") toxic.values = {500 + some(1'000), some(400), some(50)};
  return toxic;
}

// One after the other, each proxy with up to three at a time, until `caller` has ended. What is
// late is made up for.
bool change_toxics(Proxies& proxies, pid_t caller) {
  const MonotonicClock clock;
  std::mt19937 random{1};
  std::array<std::vector<std::string>, kProxies> there;
  std::vector<double> took;
  std::size_t early_kib = 0;
  RunTime next = clock.now();
  int status = 0;
  for (std::size_t i = 0; ::waitpid(caller, &status, WNOHANG) == 0; ++i) {
    const std::size_t number = i % kProxies;
    auto& names = there[number];
    const RunTime asked = clock.now();
    if (names.size() == 3) {
      proxies.remove_toxic(name_of(number), names.front());
      names.erase(names.begin());
    } else {
      names.push_back(
          proxies.add_toxic(name_of(number), some_toxic(random, may_end(number), i)).name);
    }
    took.push_back(milliseconds_of(clock.now() - asked));
    if (took.size() == 1'000) early_kib = resident_kib();
    next = next + kBetweenChanges;
    if (const Duration early = next - clock.now(); early > Duration{}) {
      ::usleep(static_cast<useconds_t>(early / std::chrono::microseconds{1}));
    }
  }
  const double seconds = milliseconds_of(clock.now().since_start) / 1'000;
  std::ranges::sort(took);
  std::printf(
      "%zu changes of toxics, %.1f a second, each in %.2f ms (median), %.2f (p99), %.2f "
      "(longest)\n",
      took.size(), static_cast<double>(took.size()) / seconds, took[took.size() / 2],
      took[took.size() * 99 / 100], took.back());
  std::printf("resident memory: %zu KiB after 1000 changes, %zu at the end\n", early_kib,
              resident_kib());
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

// Three processes, since no process may have descriptors for all ends.
int soak(std::size_t connections, std::chrono::seconds span) {
  Echo echo;
  const pid_t server = check("fork()", ::fork());
  if (server == 0) echo.run();
  std::array<int, 2> ends{};
  check("pipe()", ::pipe(ends.data()));
  const pid_t caller = check("fork()", ::fork());
  if (caller == 0) {
    std::vector<Endpoint> to(kProxies);
    check("read()", ::read(ends[0], to.data(), kProxies * sizeof(Endpoint)));
    Callers callers{connections, to};
    const bool right = callers.call(span);
    std::fflush(stdout);
    ::_exit(right ? 0 : 1);
  }
  bool right = false;
  {
    Proxies proxies{{.threads = 2, .seed = 1}};
    std::vector<Endpoint> at;
    for (std::size_t i = 0; i < kProxies; ++i) {
      const ProxyState made =
          proxies.create({.name = name_of(i), .listen = "127.0.0.1:0", .upstream = echo.address()});
      at.push_back(parse_endpoint(made.listen, 0).value());
    }
    check("write()", ::write(ends[1], at.data(), kProxies * sizeof(Endpoint)));
    right = change_toxics(proxies, caller);
  }
  ::kill(server, SIGKILL);
  return right ? 0 : 1;
}

}  // namespace blackstart

int main(int argc, char** argv) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  const auto most = static_cast<std::size_t>(files.rlim_max) / 2 - 50;
  const auto asked = static_cast<std::size_t>(argc > 1 ? std::atoi(argv[1]) : 10'000);
  const std::chrono::seconds span{argc > 2 ? std::atoi(argv[2]) : 600};
  return blackstart::soak(std::min(asked, most), span);
}
