// Sets on the real kernel: which keys are inside, large ones, ones that grow while in force.
// covers netlink/set_messages
// covers netlink/intervals

#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <string>
#include <vector>

#include "netlink/nft_owner.h"
#include "support/kernel_test.h"
#include "support/rulesets.h"
#include "support/udp.h"

namespace blackstart::netlink {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kManyPrefixes = 100'000;

// Every second /28 of 11.0.0.0/8 and up: none touches the next.
std::vector<Prefix> many_prefixes() {
  std::vector<Prefix> prefixes;
  prefixes.reserve(kManyPrefixes);
  for (std::uint32_t i = 0; i < kManyPrefixes; ++i) {
    const std::uint32_t address = 0x0b000000u + i * 32;
    prefixes.push_back(
        prefix({static_cast<std::uint8_t>(address >> 24), static_cast<std::uint8_t>(address >> 16),
                static_cast<std::uint8_t>(address >> 8), static_cast<std::uint8_t>(address)},
               28));
  }
  return prefixes;
}

// One IPv6 address in every /96, in rising order.
AddressRange spread_range(std::uint32_t i) {
  Prefix one = prefix6({0xfd}, 128, 1);
  for (std::size_t byte = 0; byte < 4; ++byte) {
    one.address.bytes[8 + byte] = static_cast<std::uint8_t>(i >> (24 - 8 * byte));
  }
  return range_of(one);
}

Set spread_set(std::string name, std::size_t count) {
  Set set{.name = std::move(name), .type = SetType::ipv6_addr, .interval = true};
  for (std::uint32_t i = 0; i < count; ++i) set.elements.push_back({spread_range(i), 0ms});
  return set;
}

void send_to(const Address& address) {
  const UniqueFd fd{check("socket", ::socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  sockaddr_in6 to{};
  to.sin6_family = AF_INET6;
  to.sin6_port = htons(7);
  std::copy(address.bytes.begin(), address.bytes.end(), to.sin6_addr.s6_addr);
  check("sendto", ::sendto(fd.get(), "?", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to));
}

// Counts in `hits` what `match` lets through in output.
Ruleset count_in_output(std::vector<Set> sets, std::vector<Expression> match) {
  match.push_back(Count{"hits"});
  Chain chain{"out", BaseChain{ChainType::filter, Hook::output, 0, {}}, {{std::move(match), ""}}};
  return {{Table{.family = Family::inet,
                 .counters = {{"hits"}},
                 .sets = std::move(sets),
                 .chains = {std::move(chain)}}}};
}

class NftSetsTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (IsSkipped()) return;
    loopback_up();
    // Everything that is sent anywhere goes out through lo.
    EXPECT_EQ(shell("ip route add local 0.0.0.0/0 dev lo table local").status, 0);
  }

  // Whether a packet to that address and port is counted.
  static bool counted(NftOwner& owner, const char* address, std::uint16_t port = 7) {
    const std::uint64_t before = owner.counters().at("hits").packets;
    UdpSocket{"0.0.0.0"}.send(address, port);
    return owner.counters().at("hits").packets > before;
  }
};

TEST_F(NftSetsTest, AnIntervalHoldsItsEndsAndNothingBeyond) {
  NftOwner owner;
  owner.load(
      count_in_output({prefix_set("zone", {prefix({10, 0, 1, 0}, 24), prefix({10, 0, 2, 0}, 24),
                                           prefix({10, 9, 9, 9}, 32), prefix({192, 0, 0, 0}, 2)})},
                      {MatchAddressSet{Side::destination, false, "zone"}}));
  for (const char* inside : {"10.0.1.0", "10.0.1.255", "10.0.2.0", "10.0.2.255", "10.9.9.9",
                             "192.0.0.1", "223.255.255.255"}) {
    EXPECT_TRUE(counted(owner, inside)) << inside;
  }
  for (const char* outside :
       {"10.0.0.255", "10.0.3.0", "10.9.9.8", "10.9.9.10", "191.255.255.255"}) {
    EXPECT_FALSE(counted(owner, outside)) << outside;
  }
}

TEST_F(NftSetsTest, AnIntervalOfEverythingHoldsEverything) {
  NftOwner owner;
  owner.load(count_in_output({prefix_set("zone", {prefix({0, 0, 0, 0}, 0)})},
                             {MatchAddressSet{Side::destination, false, "zone"}}));
  EXPECT_TRUE(counted(owner, "1.0.0.1"));
  EXPECT_TRUE(counted(owner, "223.255.255.255"));
}

TEST_F(NftSetsTest, PortsOfARuleAreItsRangesAndNothingBeyond) {
  NftOwner owner;
  owner.load(count_in_output(
      {}, {MatchL4{{L4::udp}},
           MatchPort{Side::destination, {{53, 53}, {8000, 8100}, {65000, 65535}}}}));
  for (const int inside : {53, 8000, 8100, 65000, 65535}) {
    EXPECT_TRUE(counted(owner, "127.0.0.1", static_cast<std::uint16_t>(inside))) << inside;
  }
  for (const int outside : {52, 54, 7999, 8101, 64999}) {
    EXPECT_FALSE(counted(owner, "127.0.0.1", static_cast<std::uint16_t>(outside))) << outside;
  }
}

TEST_F(NftSetsTest, PrefixesOfAnyLengthMatchWhatTheySay) {
  struct Row {
    Prefix prefix;
    const char *inside, *outside;
  };
  const Row rows[] = {{prefix({10, 0, 0, 0}, 8), "10.255.255.255", "11.0.0.0"},
                      {prefix({10, 64, 0, 0}, 11), "10.95.255.255", "10.96.0.0"},
                      {prefix({10, 0, 4, 0}, 23), "10.0.5.255", "10.0.6.0"},
                      {prefix({10, 0, 0, 1}, 32), "10.0.0.1", "10.0.0.2"}};
  for (const Row& row : rows) {
    NftOwner owner;
    owner.load(count_in_output({}, {MatchPrefix{Side::destination, row.prefix}}));
    EXPECT_TRUE(counted(owner, row.inside)) << row.inside;
    EXPECT_FALSE(counted(owner, row.outside)) << row.outside;
    owner.load(count_in_output({}, {MatchPrefix{Side::destination, row.prefix, false}}));
    EXPECT_FALSE(counted(owner, row.inside)) << row.inside;
    EXPECT_TRUE(counted(owner, row.outside)) << row.outside;
  }
}

TEST_F(NftSetsTest, ARandomShareIsThatShare) {
  NftOwner owner;
  owner.load(count_in_output({}, {MatchL4{{L4::udp}}, MatchRandom{10'000, 2'500}}));
  const UdpSocket sender;
  for (int i = 0; i < 10'000; ++i) sender.send("127.0.0.1", 7);
  const auto hits = static_cast<double>(owner.counters().at("hits").packets);
  EXPECT_NEAR(hits, 2'500, 6 * 43.3);  // six standard deviations
}

TEST_F(NftSetsTest, AMarkChangesItsOwnBitsOnly) {
  NftOwner owner;
  const MatchMark was{MarkOf::packet, 0xffffffff, 0}, is{MarkOf::packet, 0xffffffff, 0x12345378};
  owner.load(count_in_output({}, {was, SetMark{MarkOf::packet, 0xffffffff, 0x12345678},
                                  SetMark{MarkOf::packet, 0xff00, 0x5300}, is}));
  EXPECT_TRUE(counted(owner, "127.0.0.1"));
}

TEST_F(NftSetsTest, AnAddressIsAddedWhileTheRulesAreInForce) {
  NftOwner owner;
  Set names{"names", SetType::ipv4_addr, false, true, {}};
  owner.load(count_in_output({prefix_set("zone", many_prefixes()), names},
                             {MatchAddressSet{Side::destination, false, "names"}}));
  EXPECT_FALSE(counted(owner, "10.1.2.3"));
  const std::array one{SetElement{range_of(prefix({10, 1, 2, 3}, 32)), 0ms}};
  owner.add_elements(Family::inet, "names", one);
  owner.add_elements(Family::inet, "names", one);
  EXPECT_TRUE(counted(owner, "10.1.2.3"));
  EXPECT_FALSE(counted(owner, "10.1.2.4"));
  const std::array brief{SetElement{range_of(prefix({10, 1, 2, 4}, 32)), 100ms}};
  owner.add_elements(Family::inet, "names", brief);
  EXPECT_TRUE(counted(owner, "10.1.2.4"));
  wait(150ms);
  EXPECT_FALSE(counted(owner, "10.1.2.4"));

  const std::array range{SetElement{range_of(prefix({10, 1, 2, 0}, 24)), 0ms}};
  EXPECT_THROW(owner.add_elements(Family::inet, "names", range), std::invalid_argument);
}

TEST_F(NftSetsTest, SeveralSetsChangeInOneTransaction) {
  NftOwner owner;
  Ruleset ruleset = count_in_output({Set{"names", SetType::ipv4_addr, false, false, {}},
                                     Set{"others", SetType::ipv4_addr, false, false, {}}},
                                    {MatchAddressSet{Side::destination, false, "names"}});
  owner.load(ruleset);
  const SetElement one{range_of(prefix({10, 1, 2, 3}, 32)), 0ms};
  const std::vector<SetChange> both{{Family::inet, "names", {one}},
                                    {Family::inet, "others", {one}}};
  owner.add_elements(both);
  EXPECT_TRUE(counted(owner, "10.1.2.3"));
  owner.remove_elements({both.data(), 1});
  EXPECT_FALSE(counted(owner, "10.1.2.3"));
  EXPECT_THROW(owner.remove_elements(both), std::system_error);
  owner.add_elements(both);  // the one in `others` is still there: no mistake
  EXPECT_TRUE(counted(owner, "10.1.2.3"));
}

TEST_F(NftSetsTest, AHundredThousandPrefixesLoadAndSwitchQuickly) {
  const auto begin = std::chrono::steady_clock::now();
  const auto milliseconds = [](auto from) {
    return std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - from)
        .count();
  };
  NftOwner owner;
  owner.load(count_in_output(
      {armed_set("armed"), prefix_set("zone", many_prefixes())},
      {MatchProtocolSet{"armed"}, MatchAddressSet{Side::destination, false, "zone"}}));
  const double load = milliseconds(begin);
  EXPECT_FALSE(counted(owner, "11.0.0.1"));

  const auto asked = std::chrono::steady_clock::now();
  owner.arm({{{Family::inet, "armed", true}}});
  const double on = milliseconds(asked);
  EXPECT_TRUE(counted(owner, "11.0.0.0"));
  EXPECT_TRUE(counted(owner, "11.0.0.15"));
  EXPECT_FALSE(counted(owner, "11.0.0.16"));
  EXPECT_TRUE(counted(owner, "11.48.211.224")) << "the last of them";
  EXPECT_FALSE(counted(owner, "11.48.211.240"));
  std::printf("load %.0f ms, switch %.2f ms\n", load, on);
  EXPECT_LT(load, 20'000) << "not even on a busy machine";
  EXPECT_LT(on, 1'000);
}

// An ordinary user may not enlarge the send buffer beyond net.core.wmem_max: the elements then
// go in parts.
TEST_F(NftSetsTest, AnOrdinaryUserLoadsMoreThanTheSendBufferHolds) {
  std::ifstream limit_file{"/proc/sys/net/core/wmem_max"};
  std::size_t limit = 212'992;
  limit_file >> limit;
  // Of 64 bytes each, twice the limit being what the kernel makes of it.
  const std::size_t count = 2 * limit / 64 * 3 / 2;
  const uid_t outside = ::geteuid();
  const pid_t child = check("fork", ::fork());
  if (child == 0) {
    if (::unshare(CLONE_NEWUSER | CLONE_NEWNET) != 0) ::_exit(77);
    try {
      std::ofstream{"/proc/self/uid_map"} << "0 " << outside << " 1";  // or exec loses all
      NftOwner owner;
      owner.load(count_in_output({spread_set("zone", count)},
                                 {MatchAddressSet{Side::destination, true, "zone"}}));
      loopback_up();
      shell("ip -6 route add local fd00::/8 dev lo");
      const auto hits = [&](const Address& to) {
        const std::uint64_t before = owner.counters().at("hits").packets;
        send_to(to);
        return owner.counters().at("hits").packets - before;
      };
      const auto last = static_cast<std::uint32_t>(count - 1);
      const bool both = hits(spread_range(0).first) > 0 && hits(spread_range(last).first) > 0;
      ::_exit(both && hits(spread_range(last + 1).first) == 0 ? 0 : 1);
    } catch (const std::exception& error) {
      std::fprintf(stderr, "%s\n", error.what());
      ::_exit(2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WEXITSTATUS(status) == 77) return skip("no user namespaces here");
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace blackstart::netlink
