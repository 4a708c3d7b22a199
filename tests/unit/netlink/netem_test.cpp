// The message that sets up netem: that it says all of an impairment, and leaves nothing to what
// was there before.

#include "netlink/netem.h"

#include <gtest/gtest.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include <limits>

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kAll = std::numeric_limits<std::uint32_t>::max();

// A message, taken apart.
struct Told {
  explicit Told(const Impairment& impairment) : bytes{netem_message(7, impairment, 1'234)} {
    ByteView rest{bytes};
    message = take_message(rest).value();
    const ByteView options = message.attributes<tcmsg>().find(TCA_OPTIONS).value();
    std::memcpy(&values, options.data(), sizeof values);
    attributes = Attributes{options.subspan(sizeof values)};
  }

  std::uint32_t rate() const { return attributes.get<tc_netem_rate>(TCA_NETEM_RATE)->rate; }

  Bytes bytes;
  MessageView message;
  tc_netem_qopt values{};
  Attributes attributes{{}};
};

TEST(Netem, IsPutAtTheRootOfItsDevice) {
  const Told told{Impairment{}};
  EXPECT_EQ(told.message.header.nlmsg_type, RTM_NEWQDISC);
  EXPECT_EQ(told.message.fixed<tcmsg>()->tcm_ifindex, 7);
  EXPECT_EQ(told.message.fixed<tcmsg>()->tcm_parent, TC_H_ROOT);
  EXPECT_EQ(told.message.attributes<tcmsg>().text(TCA_KIND), "netem");
  EXPECT_EQ(told.values.limit, 1'234u);
}

TEST(Netem, SaysNothingOfWhatIsThereOnlyWhereTheKernelForgets) {
  const Told told{Impairment{}};
  EXPECT_EQ(told.attributes.get<std::int64_t>(TCA_NETEM_LATENCY64), 0);
  EXPECT_EQ(told.attributes.get<std::int64_t>(TCA_NETEM_JITTER64), 0);
  EXPECT_EQ(told.attributes.get<tc_netem_reorder>(TCA_NETEM_REORDER)->probability, 0u);
  EXPECT_EQ(told.attributes.get<tc_netem_corrupt>(TCA_NETEM_CORRUPT)->probability, 0u);
  EXPECT_EQ(told.rate(), 0u);
  EXPECT_EQ(told.values.gap, 0u);
  EXPECT_EQ(told.values.loss, 0u);
  EXPECT_FALSE(told.attributes.find(TCA_NETEM_LOSS));
  EXPECT_FALSE(told.attributes.find(TCA_NETEM_DELAY_DIST)) << "no jitter: it is not asked";
}

TEST(Netem, SaysAllOfAnImpairment) {
  Impairment all;
  all.delay = 6s;
  all.jitter = 10ms;
  all.distribution = Distribution::pareto;
  all.loss = 0.25;
  all.duplicate = 1.0;
  all.reorder = 0.5;
  all.corrupt = 0.001;
  all.rate = Bandwidth{1'000'000};
  const Told told{all};
  EXPECT_EQ(told.attributes.get<std::int64_t>(TCA_NETEM_LATENCY64), 6'000'000'000);
  EXPECT_EQ(told.attributes.get<std::int64_t>(TCA_NETEM_JITTER64), 10'000'000);
  const ByteView table = told.attributes.find(TCA_NETEM_DELAY_DIST).value();
  ASSERT_EQ(table.size(), 8'192u);
  std::int16_t last = 0;
  std::memcpy(&last, table.data() + table.size() - sizeof last, sizeof last);
  EXPECT_EQ(last, distribution_table(Distribution::pareto).back());
  EXPECT_EQ(told.values.loss, 1u << 30);
  EXPECT_EQ(told.values.duplicate, kAll);
  EXPECT_EQ(told.attributes.get<tc_netem_reorder>(TCA_NETEM_REORDER)->probability, 1u << 31);
  EXPECT_EQ(told.values.gap, 1u);
  EXPECT_EQ(told.attributes.get<tc_netem_corrupt>(TCA_NETEM_CORRUPT)->probability, 4'294'967u);
  EXPECT_EQ(told.rate(), 125'000u);
}

TEST(Netem, LosesInBurstsByTheTwoStateModel) {
  Impairment bursts;
  bursts.loss = 0.2;
  bursts.burst = 4.0;
  const Told told{bursts};
  EXPECT_EQ(told.values.loss, 0u);
  const auto model =
      told.attributes.inner(TCA_NETEM_LOSS).get<tc_netem_gemodel>(NETEM_LOSS_GE).value();
  EXPECT_EQ(model.r, 1u << 30) << "a quarter: four packets long";
  EXPECT_EQ(model.p, 1u << 28) << "0.25 * 0.2 / 0.8";
  EXPECT_EQ(model.h, 0u) << "none passes in the bad state";
  EXPECT_EQ(model.k1, 0u) << "none is lost in the good one";
}

TEST(Netem, LosesEverythingFromTheFirstPacketOn) {
  Impairment all;
  all.loss = 1.0;
  all.burst = 4.0;
  const Told told{all};
  EXPECT_EQ(told.values.loss, kAll);
  EXPECT_FALSE(told.attributes.find(TCA_NETEM_LOSS)) << "that model begins in its good state";
}

TEST(Netem, GivesUniformJitterATableToo) {
  Impairment uniform;
  uniform.jitter = 1ms;
  uniform.distribution = Distribution::uniform;
  EXPECT_EQ(Told{uniform}.attributes.find(TCA_NETEM_DELAY_DIST)->size(), 8'192u);
}

TEST(Netem, SaysAHighRateInSixtyFourBits) {
  Impairment fast;
  fast.rate = Bandwidth{80'000'000'000};
  const Told told{fast};
  EXPECT_EQ(told.rate(), kAll);
  EXPECT_EQ(told.attributes.get<std::uint64_t>(TCA_NETEM_RATE64), 10'000'000'000u);
  fast.rate = Bandwidth{1};
  EXPECT_EQ(Told{fast}.rate(), 1u) << "zero would be none";
}

TEST(NetemLimit, HoldsWhatArrivesDuringTheLongestDelay) {
  Impairment impairment;
  EXPECT_EQ(netem_limit(impairment), 1'000u);
  impairment.delay = 60ms;
  impairment.jitter = 10ms;
  EXPECT_EQ(netem_limit(impairment), 83'563u) << "100 ms of 10 Gbit/s, and 1,000";
  impairment.rate = Bandwidth{12'112'000};
  EXPECT_EQ(netem_limit(impairment), 1'100u) << "1,000 packets of 1,514 bytes a second";
  impairment.delay = 1h;
  impairment.rate.reset();
  EXPECT_EQ(netem_limit(impairment), 1'000'000u);
}

}  // namespace
}  // namespace blackstart::netlink
