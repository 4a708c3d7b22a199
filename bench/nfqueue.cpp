// What the packet shaper costs and how exact it is, on a veth between two namespaces.
//
//   throughput  TCP through a delay of 10 ms, as a share of the bare veth in the same run
//   accuracy    one-way delay of datagrams, a thousand a second: measured − asked, from the
//               sender's send() to the receiver's recv(); beside it the same without a shaper
//   verdicts    one packet's share of letting many pass: a verdict each, and one for all
//   lift        from SIGKILL of the shaper's process to the first good packet
//
// Needs root, or run it under `unshare -rn`. Works in namespaces of its own only.

#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <optional>
#include <stdexcept>
#include <vector>

#include "ahead.h"
#include "fault/packet_shaper.h"
#include "netlink/nfqueue.h"
#include "support/shaped_link.h"
#include "support/udp.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;
using netlink::NfQueue;
using netlink::NftOwner;
using netlink::QueueTo;
using test::BulkFlow;
using test::kCopiesMark;
using test::kShapedQueue;
using test::ShapedLink;
using test::StampedFlow;

constexpr int kRounds = 5;
constexpr int kDatagrams = 2'000;
constexpr int kHeld = 20'000;
constexpr int kKills = 30;

double at(std::vector<double> samples, double share) {
  std::ranges::sort(samples);
  return samples[static_cast<std::size_t>(share * static_cast<double>(samples.size() - 1))];
}

// The rules, and a shaper with one class.
struct Shaped {
  Shaped(QueueTo::Via via, const Impairment& impairment) {
    shaper.set_class(kShapedQueue, impairment, 1);
    owner.load(ShapedLink::rules(via));
  }

  PacketShaper shaper{kCopiesMark};
  NftOwner owner;
};

// Gbit/s that applications see.
double throughput(const ShapedLink& link, int flows) {
  const MonotonicClock clock;
  const BulkFlow bulk{link, flows};
  wait(500ms);
  const RunTime from = clock.now();
  const std::uint64_t before = bulk.received();
  wait(1'500ms);
  return static_cast<double>(bulk.received() - before) * 8e-9 / seconds_of(clock.now() - from);
}

void measure_throughput(const ShapedLink& link, QueueTo::Via via) {
  for (const int flows : {1, 8}) {
    for (const auto delay : {1ms, 10ms, 50ms}) {
      std::vector<double> bare, shaped, shares;
      for (int round = 0; round < kRounds; ++round) {
        bare.push_back(throughput(link, flows));
        const Shaped on{via, {.delay = delay}};
        shaped.push_back(throughput(link, flows));
        shares.push_back(shaped.back() / bare.back());
      }
      std::printf("%d TCP, %2d ms: bare %5.1f Gbit/s, shaped %5.1f Gbit/s, share %.2f\n", flows,
                  static_cast<int>(delay.count()), at(bare, 0.5), at(shaped, 0.5), at(shares, 0.5));
    }
  }
}

// Milliseconds from send() to recv() of every datagram.
std::vector<double> one_way(StampedFlow& flow) {
  const MonotonicClock clock;
  std::vector<double> took;
  int sent = 0;
  RunTime next = clock.now();
  RunTime last = next;
  while (took.size() < kDatagrams && clock.now() - last < 3s) {
    if (sent < kDatagrams && clock.now() >= next) {
      flow.send();
      next = next + 1ms;
      ++sent;
      last = clock.now();
    }
    if (const auto arrival = flow.receive(1ms)) {
      took.push_back(milliseconds_of(arrival->took));
    }
  }
  return took;
}

void print_accuracy(const char* what, double asked, const std::vector<double>& took) {
  std::printf("%-12s %5.0f ms: error p50 %7.3f ms, p99 %7.3f ms, max %7.3f ms, least %7.3f ms\n",
              what, asked, at(took, 0.5) - asked, at(took, 0.99) - asked, at(took, 1.0) - asked,
              at(took, 0.0) - asked);
}

void measure_accuracy(StampedFlow& flow, QueueTo::Via via) {
  print_accuracy("bare", 0.0, one_way(flow));
  for (const auto delay : {1ms, 10ms, 100ms, 800ms}) {
    const Shaped on{via, {.delay = delay}};
    const auto asked = static_cast<double>(delay.count());
    print_accuracy("shaped", asked, one_way(flow));
    const ShaperFigures figures = on.shaper.figures().at(kShapedQueue);
    std::printf("   its own figures: mean error %.3f ms, p99 %.3f ms, most %.3f ms\n",
                milliseconds_of(figures.added - figures.asked) /
                    static_cast<double>(figures.spread.count()),
                milliseconds_of(figures.late.percentile(0.99)),
                milliseconds_of(figures.late.most()));
  }
}

// Nanoseconds a packet, from the verdict to the receiver's socket.
double pass_all(StampedFlow& flow, QueueTo::Via via, bool each) {
  NfQueue queue{kShapedQueue, {.packets_max = 2 * kHeld}};
  NftOwner owner;
  owner.load(ShapedLink::rules(via));
  netlink::QueueInbox inbox;
  std::uint32_t last = 0;
  for (int i = 0; i < kHeld; ++i) {
    flow.send();
    if (i % 32 == 31) {
      for (const auto& packet : queue.receive(inbox)) last = packet.id;
    }
  }
  for (;;) {
    const auto packets = queue.receive(inbox);
    if (packets.empty()) break;
    last = packets.back().id;
  }
  const MonotonicClock clock;
  if (each) {
    for (std::uint32_t id = 1; id <= last; ++id) queue.accept(id);
  } else {
    queue.accept_up_to(last);
  }
  queue.flush();
  const double took = static_cast<double>(clock.now().since_start.count()) / last;
  flow.drain(10ms);
  return took;
}

void measure_verdicts(StampedFlow& flow, QueueTo::Via via) {
  std::vector<double> each, all;
  for (int round = 0; round < kRounds; ++round) {
    each.push_back(pass_all(flow, via, true));
    all.push_back(pass_all(flow, via, false));
  }
  std::printf("a packet's verdict: %.0f ns each by itself, %.0f ns by one for all\n", at(each, 0.5),
              at(all, 0.5));
}

double lift_by_sigkill(StampedFlow& flow, QueueTo::Via via) {
  std::array<int, 2> ends{};
  check("pipe2()", ::pipe2(ends.data(), O_CLOEXEC));
  const UniqueFd read_end{ends[0]}, write_end{ends[1]};
  const pid_t child = check("fork()", ::fork());
  if (child == 0) {
    const Shaped on{via, {.delay = 800ms}};
    [[maybe_unused]] const ssize_t said = ::write(write_end.get(), "!", 1);
    for (;;) ::pause();
  }
  char ready = 0;
  check("read()", ::read(read_end.get(), &ready, 1));
  for (int i = 0; i < 100; ++i) flow.send();
  const bool leaked = flow.receive(5ms).has_value();
  const MonotonicClock clock;
  ::kill(child, SIGKILL);
  do {
    flow.send();
  } while (!flow.receive(0ms));
  const double took = milliseconds_of(clock.now().since_start);
  ::waitpid(child, nullptr, 0);
  flow.drain(5ms);
  if (leaked) throw std::runtime_error{"a packet came before its time"};
  return took;
}

void run() {
  if (::geteuid() != 0 || ::unshare(CLONE_NEWNET) != 0) {
    throw std::runtime_error{"needs root: try `unshare -rn`"};
  }
  const auto via = test::queue_via();
  if (!via) throw std::runtime_error{"this kernel can queue to user space in no way"};
  const ShapedLink link;
  StampedFlow flow{link};
  if (!flow.warm_up()) throw std::runtime_error{"the veth carries nothing"};
  std::vector<double> lifts;
  for (int i = 0; i < kKills; ++i) lifts.push_back(lift_by_sigkill(flow, *via));
  std::printf("SIGKILL to first good packet: p50 %.2f ms, max %.2f ms\n", at(lifts, 0.5),
              at(lifts, 1.0));
  {
    const Ahead ahead;
    measure_verdicts(flow, *via);
  }
  measure_throughput(link, *via);
  const Ahead ahead;
  measure_accuracy(flow, *via);
}

}  // namespace
}  // namespace blackstart

int main() {
  try {
    blackstart::run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "bench_nfqueue: %s\n", error.what());
    return 1;
  }
}
