// What carries out each fault, and what that loses.

#include "fault/fidelity.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/enforced.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

NetworkSpec slow_and_narrow() {
  Impairment values;
  values.delay = 10ms;
  values.rate = Bandwidth{1'000'000};
  return {.from = values, .to = values};
}

Fidelity of(FixedFault fault, const Target& target, ShapeEngine engine) {
  CompileOptions options;
  options.engine.kind = engine;
  return fidelity(Entries{}.add(std::move(fault), target).compile(options), 0, target);
}

TEST(FidelityTest, NamesWhatHoldsPacketsAndWhatItLoses) {
  const Target far = target_of({"10.1.1.1/32"});
  const Fidelity netem = of(network(slow_and_narrow()), far, ShapeEngine::netem);
  EXPECT_EQ(netem.engine, "netem");
  EXPECT_THAT(netem.lost, IsEmpty());
  const Fidelity nfqueue = of(network(slow_and_narrow()), far, ShapeEngine::nfqueue);
  EXPECT_EQ(nfqueue.engine, "nfqueue and htb");
  EXPECT_THAT(nfqueue.lost, ElementsAre(HasSubstr("the round trip is as asked")));
}

TEST(FidelityTest, NamesWhatNeedsNobodyToHoldPackets) {
  const Target far = target_of({"10.1.1.1/32"});
  NetworkSpec narrow = slow_and_narrow();
  narrow.from.delay = narrow.to.delay = {};
  EXPECT_EQ(of(network(narrow), far, ShapeEngine::none).engine, "htb");
  EXPECT_EQ(of(partition({}), far, ShapeEngine::netem).engine, "nftables");
  Target named;
  named.names = {"db.test"};
  EXPECT_EQ(of(dns_fault(dns::AnswerKind::nodata), named, ShapeEngine::netem).engine, "resolver");
}

TEST(FidelityTest, SaysThatAProcessHasBothWaysOnTheWayOut) {
  Target mine;
  mine.uid = 1000;
  EXPECT_THAT(of(network(slow_and_narrow()), mine, ShapeEngine::netem).lost,
              ElementsAre(HasSubstr("both ways act on what it sends")));
}

TEST(FidelityTest, SaysWhatAProxyTakesFromATarget) {
  const Fidelity far = of(proxy(with_toxic("noop")), target_of({"10.1.1.1/32"}), ShapeEngine::none);
  EXPECT_EQ(far.engine, "proxy");
  EXPECT_THAT(far.lost, testing::Contains(HasSubstr("end with the run")));
  EXPECT_THAT(far.lost, testing::Contains(HasSubstr("firewall")));
  Target mine;
  mine.uid = 1000;
  EXPECT_THAT(of(proxy(with_toxic("noop")), mine, ShapeEngine::none).lost,
              testing::Contains(HasSubstr("programs on this machine only")));
}

TEST(FidelityTest, SaysThatANamedProxyIsEverybodys) {
  Target target;
  target.proxy = "redis";
  const Fidelity named = of(proxy(with_toxic("noop")), target, ShapeEngine::none);
  EXPECT_EQ(named.engine, "proxy");
  EXPECT_THAT(named.lost, ElementsAre(HasSubstr("every connection of the proxy")));
}

}  // namespace
}  // namespace blackstart::test
