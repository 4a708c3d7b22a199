#pragma once

// Network faults between the test's namespace and a peer, on each engine that this kernel has.

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "netlink/kernel_facts.h"
#include "support/enforced.h"
#include "support/fault_lab.h"

namespace blackstart::test {

using namespace std::chrono_literals;
using Way = TrafficDirection;

inline Impairment delay(Duration by) {
  Impairment out;
  out.delay = by;
  return out;
}

inline NetworkSpec constant(const Impairment& values, Way direction = Way::both) {
  return {.from = values, .to = values, .direction = direction};
}

inline const std::vector<std::string> kFar{"10.1.1.1/32", "fd00:1::1/128"};
inline const std::vector<std::string> kPeers{"10.1.1.1", "fd00:1::1"};

class NetworkFaultTest : public FaultLab {
 protected:
  void TearDown() override {
    enforced_.reset();
    FaultLab::TearDown();
  }

  void enforce(const Entries& entries, const CompileOptions& options = {}) {
    enforced_.emplace(loop(), entries.compile(options));
  }
  Enforced& enforced() { return *enforced_; }
  void lift() { enforced_.reset(); }

  // The least round trip of a few datagrams; nothing bounds what a busy machine adds.
  std::chrono::milliseconds round_trip(const std::string& peer) {
    std::chrono::milliseconds least = std::chrono::milliseconds::max();
    for (int i = 0; i < 5; ++i) {
      if (enforced_) enforced_->beat();  // a slow machine takes longer than a heartbeat lasts
      Client client{SOCK_DGRAM, peer, kEchoPort, 5s};
      const MonotonicClock clock;
      EXPECT_EQ(client.send_to(), 0);
      EXPECT_EQ(client.receive(), 0) << peer;
      least = std::min(
          least, std::chrono::duration_cast<std::chrono::milliseconds>(clock.now().since_start));
    }
    return least;
  }

  // How many of `count` datagrams come back, sent one after the other.
  static int echoed(const std::string& peer, int count) {
    Client client{SOCK_DGRAM, peer, kEchoPort, 300ms};
    int back = 0;
    for (int i = 0; i < count; ++i) EXPECT_EQ(client.send_to(), 0);
    while (client.receive() == 0) ++back;
    return back;
  }

  // Every queue of the machine's own devices, and every device.
  static std::string queues() {
    return shell(
               "for d in v1 lo; do tc -d qdisc show dev $d; tc -d class show dev $d; done | "
               "grep -v 'class fq_codel'")  // which are flows of the moment
        .output;
  }
  static std::string devices() { return shell("ip -o link").output + queues(); }

 private:
  std::optional<Enforced> enforced_;
};

// On each engine that impairs.
class ImpairTest : public NetworkFaultTest, public testing::WithParamInterface<ShapeEngine> {
 protected:
  void SetUp() override {
    static const netlink::KernelFacts facts =
        netlink::probe_kernel(Needs::netem | Needs::nft_queue | Needs::compat_queue);
    const bool netem = GetParam() == ShapeEngine::netem;
    engine_.kind = GetParam();
    if (!facts.find(Needs::nft_queue)->ok) engine_.queue_via = netlink::QueueTo::Via::xtables;
    const Needs need = netem                                             ? Needs::netem
                       : engine_.queue_via == netlink::QueueTo::Via::nft ? Needs::nft_queue
                                                                         : Needs::compat_queue;
    NetworkFaultTest::SetUp();
    if (!IsSkipped() && !facts.find(need)->ok) skip_on_this_kernel(facts.find(need)->why);
  }

  void enforce(const Entries& entries) {
    CompileOptions options;
    options.engine = engine_;
    NetworkFaultTest::enforce(entries, options);
  }

 private:
  Engine engine_;
};

inline std::string engine_of(const testing::TestParamInfo<ShapeEngine>& engine) {
  return engine.param == ShapeEngine::netem ? "Netem" : "NfQueue";
}

}  // namespace blackstart::test
