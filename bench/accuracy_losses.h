#pragma once

// What is lost of what the far end sends: datagrams, and answers to SYNs.

#include <cstdint>
#include <thread>
#include <vector>

#include "accuracy_flows.h"

namespace blackstart::bench {

struct Losses {
  int sent = 0, lost = 0, runs = 0;  // runs of losses

  void add(bool came) {
    ++sent;
    if (!came) {
      ++lost;
      runs += before_ ? 1 : 0;
    }
    before_ = came;
  }
  double share() const { return static_cast<double>(lost) / sent; }
  double mean_run() const { return runs == 0 ? 0.0 : static_cast<double>(lost) / runs; }

 private:
  bool before_ = true;
};

inline Losses lost_datagrams(Datagrams& flow, int count) {
  std::vector<bool> came(static_cast<std::size_t>(count));
  const auto take_all = [&] {
    while (const auto each = flow.take()) came[each->number] = true;
  };
  for (int i = 0; i < count; ++i) {
    flow.send(static_cast<std::uint32_t>(i));
    if (i % 32 != 31) continue;
    std::this_thread::sleep_for(100us);  // for ksoftirqd, before the link's backlog overflows
    take_all();
  }
  while (flow.wait_until(flow.clock().now() + 100ms)) take_all();
  Losses losses;
  for (const bool each : came) losses.add(each);
  return losses;
}

// A handshake whose answer is lost has not come about before TCP tries again, a second later.
inline Losses lost_handshakes(const test::ShapedLink& link, int count) {
  constexpr int kBatch = 250;
  Losses losses;
  for (int done = 0; done < count; done += kBatch) {
    UniqueFd listener;
    {
      const NetnsGuard there{link.far()};
      listener = end_socket(SOCK_STREAM);
      bind_to(listener, 2, kPort);
      check("listen", ::listen(listener.get(), 4'096));
    }
    std::vector<UniqueFd> sockets;
    std::vector<pollfd> waiting;
    for (int i = 0; i < kBatch; ++i) {
      sockets.push_back(end_socket(SOCK_STREAM | SOCK_NONBLOCK));
      end_by_reset(sockets.back());
      connect_to(sockets.back(), 2, kPort);
    }
    std::vector<bool> came(kBatch);
    const MonotonicClock clock;
    const RunTime begun = clock.now();
    for (bool quiet = false; !quiet && clock.now() - begun < 700ms;) {
      waiting.clear();
      for (std::size_t i = 0; i < kBatch; ++i) {
        waiting.push_back({came[i] ? -1 : sockets[i].get(), POLLOUT, 0});
      }
      quiet = ::poll(waiting.data(), waiting.size(), 30) <= 0;
      for (std::size_t i = 0; i < kBatch; ++i) {
        if ((waiting[i].revents & POLLOUT) != 0) came[i] = true;
      }
    }
    for (const bool each : came) losses.add(each);
  }
  return losses;
}

}  // namespace blackstart::bench
