// covers fault/network_rules
// Faults that meet on the same packet, two at a time: delays add up, losses are independent, and
// a partition wins over all. Each pair in both orders, and each alone before and after.

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

#include "support/network_faults.h"

namespace blackstart::test {
namespace {

struct Meeting {
  std::string name;
  std::function<FixedFault()> fault;
  std::chrono::milliseconds delay{};  // of a round trip
  bool swallows = false;              // nothing comes back
};

Impairment losing_all(double burst) {
  Impairment out;
  out.loss = 1.0;
  out.burst = burst;
  return out;
}

Impairment limited() {
  Impairment out;
  out.rate = Bandwidth{100'000'000};  // that a few datagrams never reach
  return out;
}

const std::vector<Meeting> kMeetings{
    {"delay 20ms, both ways", [] { return network(constant(delay(20ms))); }, 40ms},
    {"delay 30ms, out", [] { return network(constant(delay(30ms), Way::out)); }, 30ms},
    {"rate 100mbit", [] { return network(constant(limited())); }},
    {"loss 100%, by rule", [] { return network(constant(losing_all(1.0), Way::in)); }, {}, true},
    {"loss 100%, in bursts", [] { return network(constant(losing_all(2.0))); }, {}, true},
    {"drop", [] { return partition({.how = PartitionHow::drop}); }, {}, true},
    {"reset", [] { return partition({.how = PartitionHow::reset}); }, {}, true},
};

class MeetingTest : public ImpairTest {
 protected:
  void expect(const std::vector<std::uint32_t>& in_force,
              const std::vector<const Meeting*>& meetings) {
    enforced().switch_to(in_force);
    std::chrono::milliseconds delay{};
    bool swallowed = false;
    for (const Meeting* one : meetings) {
      delay += one->delay;
      swallowed = swallowed || one->swallows;
    }
    if (swallowed) {
      EXPECT_FALSE(comes_back());
      return;
    }
    const auto took = round_trip("10.1.1.1");
    EXPECT_GE(took, delay);
    EXPECT_LT(took, delay + 20ms);
  }

 private:
  static bool comes_back() {
    Client client{SOCK_DGRAM, "10.1.1.1", kEchoPort, 120ms};
    client.send_to();
    return client.receive() == 0;
  }
};

INSTANTIATE_TEST_SUITE_P(Engines, MeetingTest,
                         testing::Values(ShapeEngine::netem, ShapeEngine::nfqueue), engine_of);

TEST_P(MeetingTest, EveryPairDoesWhatBothTogetherWould) {
  for (std::size_t i = 0; i < kMeetings.size(); ++i) {
    for (std::size_t j = i; j < kMeetings.size(); ++j) {
      const Meeting &one = kMeetings[i], &other = kMeetings[j];
      SCOPED_TRACE(one.name + " and " + other.name);
      // The wider target is now the one's, now the other's.
      const bool turn = (i + j) % 2 == 0;
      enforce(Entries{}
                  .add(one.fault(), target_of({turn ? "10.1.1.0/24" : "10.1.1.1/32"}))
                  .add(other.fault(), target_of({turn ? "10.1.1.1/32" : "10.1.1.0/24"})));
      expect({0}, {&one});
      expect(turn ? std::vector<std::uint32_t>{0, 1} : std::vector<std::uint32_t>{1, 0},
             {&one, &other});
      expect({1}, {&other});
      expect({}, {});
      lift();
    }
  }
}

}  // namespace
}  // namespace blackstart::test
