// What a proxy costs: `blackstart serve` beside HAProxy in TCP mode and a direct connection over
// loopback, in interleaved rounds; medians. Client, server and proxy share the processors, so a
// proxy that reached the direct figure would move its bytes for nothing.
//
//   throughput   Gbit/s that the receiver gets, by one connection each way and by 64
//   pingpong     64 bytes there and back, everything on one core
//   connections  a second: connect, 64 bytes there and back, close
//   memory       resident, a connection that has carried 64 bytes each way and idles
//   latency      what a toxic of 100 ms downstream adds, 64 connections, above the direct trip
//
//   bench_proxy [--only WHAT]
//
// Ends with 1 where a goal is missed.

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <string_view>

#include "ahead.h"
#include "proxy_load.h"
#include "proxy_peers.h"
#include "support/udp.h"

namespace blackstart::bench {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int kRounds = 5;
constexpr auto kSpan = 1s;
constexpr unsigned kMany = 64;
constexpr std::array<char, 64> kMessage{};
constexpr unsigned kIdle = 10'000;  // or as many as the limit of open files lets a proxy have
constexpr double kAsked = 100.0;    // ms

double milliseconds_since(Clock::time_point from) {
  return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
}

double at(std::vector<double> samples, double share) {
  std::ranges::sort(samples);
  return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
}

// The calling thread and what it starts.
void run_on(unsigned first, unsigned count) {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (unsigned i = first; i < first + count; ++i) CPU_SET(i, &set);
  check("sched_setaffinity()", ::sched_setaffinity(0, sizeof set, &set));
}

rlim_t raise_open_files() {
  rlimit limit{};
  check("getrlimit()", ::getrlimit(RLIMIT_NOFILE, &limit));
  limit.rlim_cur = limit.rlim_max;
  check("setrlimit()", ::setrlimit(RLIMIT_NOFILE, &limit));
  return limit.rlim_cur;
}

// Both proxies before one service.
struct Arms {
  explicit Arms(unsigned threads)
      : service{threads},
        haproxy{service.ports(), threads, 5'000},
        ours{service.ports(), threads} {}

  Service service;
  HaProxy haproxy;
  Blackstart ours;
};

struct Medians {
  double direct, haproxy, ours;
};

Medians of_rounds(const Arms& arms, const std::function<double(const Ports&)>& measure) {
  std::vector<double> direct, haproxy, ours;
  for (int round = 0; round < kRounds; ++round) {
    direct.push_back(measure(arms.service.ports()));
    haproxy.push_back(measure(arms.haproxy.ports()));
    ours.push_back(measure(arms.ours.ports()));
  }
  return {at(direct, 0.5), at(haproxy, 0.5), at(ours, 0.5)};
}

// In Markdown.
class Table {
 public:
  Table() {
    std::puts(
        "\n| | direct | HAProxy | ours | of direct | of HAProxy | goal |\n"
        "|---|---:|---:|---:|---:|---:|---|");
  }

  void row(const std::string& what, const Medians& m, const std::string& goal, bool met) {
    std::printf("| %s | %.1f | %.1f | %.1f | %.2f | %.2f |", what.c_str(), m.direct, m.haproxy,
                m.ours, m.ours / m.direct, m.ours / m.haproxy);
    say(goal, met);
  }

  // Where there is nothing to be beside: 0.
  void row(const std::string& what, double haproxy, double ours, const std::string& goal,
           bool met) {
    std::printf("| %s | |", what.c_str());
    if (haproxy > 0) {
      std::printf(" %.2f | %.2f | | %.2f |", haproxy, ours, ours / haproxy);
    } else {
      std::printf(" | %.2f | | |", ours);
    }
    say(goal, met);
  }

  bool missed() const { return missed_; }

 private:
  void say(const std::string& goal, bool met) {
    std::printf(" %s%s |\n", goal.c_str(), met ? "" : ": **missed**");
    std::fflush(stdout);
    missed_ = missed_ || !met;
  }

  bool missed_ = false;
};

double gigabits(Counts& counts) {
  wait(300ms);
  const std::uint64_t before = counts.received;
  const Clock::time_point from = Clock::now();
  wait(kSpan);
  const double took = milliseconds_since(from);
  return static_cast<double>(counts.received - before) * 8e-6 / took;
}

void throughput(Table& table) {
  Arms arms{processors()};
  const auto up = [&](unsigned connections) {
    return of_rounds(arms, [&](const Ports& to) {
      const Clients clients{port_of(to, Part::sink), Part::source, connections, processors()};
      return gigabits(arms.service.counts());
    });
  };
  const Medians down = of_rounds(arms, [&](const Ports& to) {
    Clients clients{port_of(to, Part::source), Part::sink, 1, 1};
    return gigabits(clients.counts());
  });
  const Medians one = up(1), many = up(kMany);
  table.row("Gbit/s, one, client to server", one, "≥ 0.70 of direct", one.ours >= 0.7 * one.direct);
  table.row("Gbit/s, one, server to client", down, "≥ 0.70 of direct",
            down.ours >= 0.7 * down.direct);
  table.row("Gbit/s, 64, client to server", many, "≥ 1.2 of HAProxy",
            many.ours >= 1.2 * many.haproxy);
}

void round_trip(const UniqueFd& fd) {
  std::array<char, kMessage.size()> answer;
  send_all(fd, kMessage);
  if (!receive_all(fd, answer)) throw std::runtime_error{"a connection was cut"};
}

void pingpong(Table& table) {
  const Ahead ahead;
  run_on(0, 1);
  const Arms arms{1};
  const auto microseconds = [&](double share) {
    return of_rounds(arms, [&](const Ports& to) {
      const UniqueFd fd = connect_to(port_of(to, Part::echo));
      std::vector<double> took;
      for (const auto from = Clock::now(); Clock::now() < from + 500ms;) {
        const auto sent = Clock::now();
        round_trip(fd);
        took.push_back(1e3 * milliseconds_since(sent));
      }
      return at(took, share);
    });
  };
  const Medians p50 = microseconds(0.5), p99 = microseconds(0.99);
  run_on(0, processors());
  table.row("µs, 64 bytes and back, p50", p50, "adds ≤ HAProxy", p50.ours <= p50.haproxy);
  table.row("µs, 64 bytes and back, p99", p99, "", true);
}

double connections_a_second(std::uint16_t port, unsigned threads) {
  std::atomic<std::uint64_t> made{0}, failed{0};
  const Clock::time_point from = Clock::now();
  {
    std::vector<std::jthread> all;
    for (unsigned i = 0; i < threads; ++i) {
      all.emplace_back([&] {
        std::array<char, kMessage.size()> answer;
        while (Clock::now() < from + kSpan) {
          const UniqueFd fd = try_connect(port);
          const bool good = fd &&
                            ::send(fd.get(), kMessage.data(), kMessage.size(), MSG_NOSIGNAL) > 0 &&
                            receive_all(fd, answer);
          ++(good ? made : failed);
        }
      });
    }
  }
  if (failed > 0) throw std::runtime_error{std::to_string(failed) + " connections failed"};
  return static_cast<double>(made) * 1e3 / milliseconds_since(from);
}

void connections(Table& table) {
  const Arms arms{processors()};
  for (const unsigned threads : {1U, 16U}) {
    const Medians m = of_rounds(arms, [&](const Ports& to) {
      return connections_a_second(port_of(to, Part::echo), threads);
    });
    table.row("connections/s, threads: " + std::to_string(threads), m, "≥ HAProxy",
              m.ours >= m.haproxy);
  }
}

// kB that a proxy's connections have each, with 1,000 of them and with `most`.
std::array<double, 2> kilobytes(const Peer& peer, unsigned most) {
  constexpr std::size_t kAtOnce = 250;
  std::vector<UniqueFd> all;
  std::array<double, 2> out{};
  round_trip(connect_to(port_of(peer.ports(), Part::echo)));  // what the first of all needs
  const double before = peer.resident();
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::size_t wanted = i == 0 ? 1'000 : most;
    while (all.size() < wanted) {
      const std::size_t had = all.size();
      while (all.size() < std::min(wanted, had + kAtOnce)) {
        all.push_back(connect_to(port_of(peer.ports(), Part::echo)));
        send_all(all.back(), kMessage);
      }
      std::array<char, kMessage.size()> answer;
      for (std::size_t one = had; one < all.size(); ++one) {
        if (!receive_all(all[one], answer)) throw std::runtime_error{"a connection was cut"};
      }
    }
    out[i] = (peer.resident() - before) / static_cast<double>(wanted);
  }
  return out;
}

void memory(Table& table, rlim_t open_files) {
  // Two descriptors each, and some for the proxy itself.
  const auto most = static_cast<unsigned>(std::min<rlim_t>(kIdle, (open_files - 100) / 2));
  const Service service{processors()};
  const auto haproxy = kilobytes(HaProxy{service.ports(), processors(), most}, most);
  const auto bare = kilobytes(Blackstart{service.ports(), processors()}, most);
  const auto delayed = kilobytes(Blackstart{service.ports(), processors(), 10, 10}, most);
  const std::array names{std::string{"1000"}, std::to_string(most)};
  for (std::size_t i = 0; i < names.size(); ++i) {
    table.row("kB a connection, " + names[i] + " idle", haproxy[i], bare[i], "≤ 4 kB",
              bare[i] <= 4.0);
    table.row("the same, latency each way", 0, delayed[i], "≤ 8 kB", delayed[i] <= 8.0);
  }
}

// Milliseconds there and back, of messages that each connection sends every 110 ms in its turn.
std::vector<double> paced_trips(std::uint16_t port) {
  constexpr auto kEvery = 110ms;
  struct Paced {
    UniqueFd fd;
    Clock::time_point due;
    bool waits = false;
  };
  const UniqueFd epoll{check("epoll_create1()", ::epoll_create1(EPOLL_CLOEXEC))};
  const auto from = Clock::now() + 50ms;
  std::vector<Paced> all;
  for (unsigned i = 0; i < kMany; ++i) {
    all.push_back({connect_to(port), from + i * (kEvery / kMany)});
    epoll_event event{.events = EPOLLIN, .data = {.u64 = i}};
    check("epoll_ctl()", ::epoll_ctl(epoll.get(), EPOLL_CTL_ADD, all[i].fd.get(), &event));
  }
  std::vector<double> took;
  std::array<epoll_event, kMany> events;
  while (Clock::now() < from + kSpan) {
    const auto now = Clock::now();
    auto next = now + kEvery;
    for (Paced& one : all) {
      if (one.waits) continue;
      if (one.due <= now) {
        one.due = Clock::now();
        one.waits = true;
        send_all(one.fd, kMessage);
      } else {
        next = std::min(next, one.due);
      }
    }
    const auto pause = std::max(Duration{}, Duration{next - Clock::now()});
    const timespec span{.tv_sec = 0, .tv_nsec = pause.count()};
    const int count = ::epoll_pwait2(epoll.get(), events.data(), events.size(), &span, nullptr);
    for (int i = 0; i < count; ++i) {
      Paced& one = all[events[static_cast<std::size_t>(i)].data.u64];
      took.push_back(milliseconds_since(one.due));
      std::array<char, kMessage.size()> answer;
      if (!receive_all(one.fd, answer)) throw std::runtime_error{"a connection was cut"};
      one.due += kEvery;
      one.waits = false;
    }
  }
  return took;
}

void latency(Table& table) {
  const Ahead ahead;
  const Service service{processors()};
  const Blackstart delayed{service.ports(), processors(), 0, static_cast<int>(kAsked)};
  std::vector<double> errors;
  for (int round = 0; round < kRounds; ++round) {
    const double direct = at(paced_trips(port_of(service.ports(), Part::echo)), 0.5);
    for (const double took : paced_trips(port_of(delayed.ports(), Part::echo))) {
      errors.push_back(std::abs(took - direct - kAsked));
    }
  }
  table.row("ms off a latency of 100 ms, p50", 0, at(errors, 0.5), "≤ 0.1 ms",
            at(errors, 0.5) <= 0.1);
  table.row("ms off a latency of 100 ms, p99", 0, at(errors, 0.99), "≤ 1 ms",
            at(errors, 0.99) <= 1.0);
}

int run(std::string_view only) {
  const rlim_t open_files = raise_open_files();
  std::printf("%s; %u processors, which client, server and proxy share; medians of %d rounds.\n",
              HaProxy::version().c_str(), processors(), kRounds);
  Table table;
  const auto wanted = [&](std::string_view what) { return only.empty() || only == what; };
  if (wanted("throughput")) throughput(table);
  if (wanted("pingpong")) pingpong(table);
  if (wanted("connections")) connections(table);
  if (wanted("memory")) memory(table, open_files);
  if (wanted("latency")) latency(table);
  return table.missed() ? 1 : 0;
}

}  // namespace
}  // namespace blackstart::bench

int main(int argc, char** argv) {
  if (argc != 1 && (argc != 3 || std::string_view{argv[1]} != "--only")) {
    std::fputs("usage: bench_proxy [--only throughput|pingpong|connections|memory|latency]\n",
               stderr);
    return 2;
  }
  try {
    return blackstart::bench::run(argc == 3 ? argv[2] : "");
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_proxy: %s\n", error.what());
    return 3;
  }
}
