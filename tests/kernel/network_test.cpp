// covers fault/shaping_devices
// covers fault/late_devices
// covers fault/shaping_queues
// What packets of applications meet when network faults are in force, and what the machine's own
// devices look like meanwhile.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>

#include <string>
#include <vector>

#include "support/network_faults.h"
#include "support/udp.h"

namespace blackstart::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

INSTANTIATE_TEST_SUITE_P(Engines, ImpairTest,
                         testing::Values(ShapeEngine::netem, ShapeEngine::nfqueue), engine_of);

class NetemFaultTest : public NetworkFaultTest {
 protected:
  void SetUp() override {
    static const netlink::KernelFacts facts = netlink::probe_kernel(Needs::netem);
    NetworkFaultTest::SetUp();
    const auto* fact = facts.find(Needs::netem);
    if (!IsSkipped() && !fact->ok) skip_on_this_kernel(fact->why);
  }
};

TEST_P(ImpairTest, DelaysBothFamiliesBothWaysAndNobodyElse) {
  enforce(Entries{}.add(network(constant(delay(100ms))), target_of(kFar)));
  enforced().switch_to({0});
  enforced().tick();  // times the delay, where that is not done with each packet
  for (const std::string& peer : kPeers) {
    EXPECT_GE(round_trip(peer), 200ms) << peer;
    EXPECT_LT(round_trip(peer), 290ms) << peer;
  }
  EXPECT_LT(round_trip("127.0.0.1"), 100ms);
  enforced().switch_to({});
  for (const std::string& peer : kPeers) EXPECT_LT(round_trip(peer), 100ms) << peer;
  const Proof proof = enforced().proof(0);
  EXPECT_GE(proof.shaped, 10u);
  EXPECT_EQ(proof.dropped, 0u);
  ASSERT_GE(proof.timed, 2u);
  const auto asked = proof.delay_asked / static_cast<std::int64_t>(proof.timed);
  const auto added = proof.delay_added / static_cast<std::int64_t>(proof.timed);
  EXPECT_GE(asked, 100ms);  // both ways at once, where packets wait as they come in
  EXPECT_GE(added, asked);
  EXPECT_LT(added, asked + 30ms);
}

class HoldTest : public ImpairTest {};
INSTANTIATE_TEST_SUITE_P(Engines, HoldTest, testing::Values(ShapeEngine::nfqueue), engine_of);

TEST_P(HoldTest, LetsEverythingGoAtTheEnd) {
  enforce(Entries{}.add(network(constant(delay(1h))), target_of(kFar)));
  enforced().switch_to({0});
  Client client{SOCK_DGRAM, kPeers.front(), kEchoPort, 5s};
  EXPECT_EQ(client.send_to(), 0);
  const MonotonicClock clock;
  while (enforced().proof(0).shaped == 0 && clock.now().since_start < 20s) {
    enforced().beat();
    wait(10ms);
  }
  EXPECT_THAT(enforced().release(), IsEmpty());
  EXPECT_EQ(client.receive(), 0);
}

TEST_P(ImpairTest, DelaysLoopbackToo) {
  enforce(Entries{}.add(network(constant(delay(50ms), Way::out)),
                        target_of({"127.0.0.1/32"}, {{kEchoPort, kEchoPort}})));
  enforced().switch_to({0});
  const auto took = round_trip("127.0.0.1");
  EXPECT_GE(took, 50ms);
  EXPECT_LT(took, 100ms);
}

TEST_P(ImpairTest, AddsUpWhatMeets) {
  enforce(Entries{}
              .add(network(constant(delay(100ms), Way::out)), target_of({"10.1.1.0/24"}))
              .add(network(constant(delay(50ms))), target_of({"10.1.1.1/32"})));
  enforced().switch_to({1});
  EXPECT_GE(round_trip("10.1.1.1"), 100ms);
  EXPECT_LT(round_trip("10.1.1.1"), 150ms);
  enforced().switch_to({0, 1});
  EXPECT_GE(round_trip("10.1.1.1"), 200ms);
  EXPECT_LT(round_trip("10.1.1.1"), 290ms);
  enforced().switch_to({0});
  EXPECT_GE(round_trip("10.1.1.1"), 100ms);
  EXPECT_LT(round_trip("10.1.1.1"), 150ms);
}

TEST_P(ImpairTest, MovesARampWithoutLosingWhatWaits) {
  NetworkSpec ramp = constant(delay(400ms), Way::out);
  ramp.to.delay = 600ms;
  enforce(Entries{}.add(network(ramp), target_of(kFar)));
  enforced().switch_to({0});
  Client waiting{SOCK_DGRAM, "10.1.1.1", kEchoPort, 5s};
  ASSERT_EQ(waiting.send_to(), 0);
  ::poll(nullptr, 0, 100);  // until whoever holds packets has this one
  loop().run([&] { (*enforced()).set_progress({{0, 1.0}}); });
  const Seen seen = waiting.receive();
  EXPECT_EQ(seen, 0);
  EXPECT_LT(seen.took, 600ms);
  EXPECT_GE(round_trip("10.1.1.1"), 600ms);
}

TEST_F(NetemFaultTest, DoesAllThatNetemCan) {
  Impairment values{.delay = 10ms,
                    .jitter = 2ms,
                    .distribution = Distribution::pareto,
                    .loss = 0.1,
                    .burst = 8.0,
                    .duplicate = 0.02,
                    .reorder = 0.25,
                    .corrupt = 0.01,
                    .rate = Bandwidth{50'000'000}};
  enforce(Entries{}.add(network(constant(values, Way::out)), target_of(kFar)));
  const std::string shown = shell("tc qdisc show dev bs3").output;
  for (const char* part : {"delay 10ms  2ms", "loss gemodel", "duplicate 2%", "reorder 25%",
                           "corrupt 1%", "rate 50Mbit"}) {
    EXPECT_THAT(shown, HasSubstr(part));
  }
}

TEST_F(NetworkFaultTest, LosesItsShareOfPacketsAndCountsThem) {
  Impairment values;
  values.loss = 0.5;
  enforce(Entries{}.add(network(constant(values, Way::out)), target_of(kFar)));
  enforced().switch_to({0});
  const int back = echoed("10.1.1.1", 400);
  EXPECT_GT(back, 140);
  EXPECT_LT(back, 260);
  const Proof proof = enforced().proof(0);
  EXPECT_EQ(proof.packets, 400u);
  EXPECT_EQ(proof.dropped, static_cast<std::uint64_t>(400 - back));
}

TEST_F(NetworkFaultTest, LosesWhatComesIn) {
  Impairment values;
  values.loss = 1.0;
  enforce(Entries{}.add(network(constant(values, Way::in)), target_of(kFar)));
  enforced().switch_to({0});
  EXPECT_EQ(echoed("10.1.1.1", 50), 0);
  EXPECT_EQ(echoed("fd00:1::1", 50), 0);
  enforced().switch_to({});
  EXPECT_EQ(echoed("10.1.1.1", 50), 50);
}

TEST_F(NetworkFaultTest, NeverTouchesAQueueOfTheMachine) {
  ASSERT_EQ(shell("tc qdisc add dev v1 root handle 7: htb default 1 && "
                  "tc class add dev v1 parent 7: classid 7:1 htb rate 900mbit burst 40k quantum "
                  "1514 && (tc qdisc add dev v1 parent 7:1 handle 70: fq_codel limit 777 || "
                  "tc qdisc add dev v1 parent 7:1 handle 70: pfifo limit 777) && "
                  "tc qdisc add dev lo root handle 9: pfifo limit 55")
                .status,
            0);
  const std::string before = devices(), queues_before = queues();
  Impairment values;
  values.rate = Bandwidth{10'000'000};
  CompileOptions options;
  options.engine.kind = ShapeEngine::none;
  Entries entries;
  entries.add(network(constant(values)), target_of(kFar));
  {
    Enforced run{loop(), entries.compile(options)};
    run.switch_to({0});
    EXPECT_EQ(echoed("10.1.1.1", 20), 20);
    EXPECT_THAT(devices(), HasSubstr("bs3"));
    EXPECT_EQ(queues(), queues_before);
    EXPECT_THAT(run.release(), IsEmpty());
  }
  EXPECT_EQ(devices(), before);
}

TEST_F(NetworkFaultTest, CoversDevicesThatAppearDuringTheRun) {
  Impairment values;
  values.loss = 1.0;
  enforce(Entries{}.add(network(constant(values)), target_of({"10.2.2.0/24"})));
  netlink::RouteSocket route;
  route.create_veth("w1", "w2", far().get());
  route.add_address("w1", *parse_address("10.2.2.2"), 24);
  route.set_up("w1");
  {
    const NetnsGuard inside{far()};
    netlink::RouteSocket there;
    there.add_address("w2", *parse_address("10.2.2.1"), 24);
    there.set_up("w2");
  }
  int carried = 0;  // a new veth needs a moment before it carries anything
  for (int tries = 0; tries < 20 && carried == 0; ++tries) carried = echoed("10.2.2.1", 1);
  ASSERT_EQ(carried, 1);
  enforced().switch_to({0});
  EXPECT_EQ(echoed("10.2.2.1", 20), 0);
  EXPECT_EQ(enforced().proof(0).packets, 20u);
  enforced().switch_to({});
  EXPECT_EQ(echoed("10.2.2.1", 20), 20);
}

}  // namespace
}  // namespace blackstart::test
