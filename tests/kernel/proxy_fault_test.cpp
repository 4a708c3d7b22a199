// covers fault/toxic_proxies
// covers fault/cutter
// What applications see of a proxy with toxics that they were never told of.

#include "fault/toxic_proxies.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "support/enforced.h"
#include "support/fault_lab.h"
#include "support/forked_run.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;

constexpr int kDelay = 90;  // ms, more than a connection needs otherwise
const std::vector<std::string> kEverywhere{"10.1.1.1/32", "fd00:1::1/128", "127.0.0.1/32",
                                           "::1/128"};
const std::vector<std::string> kPeers{"10.1.1.1", "fd00:1::1", "127.0.0.1", "::1"};

ProxySpec slow(std::int64_t delay = kDelay) { return with_toxic("latency", {delay}); }

class ProxyFault : public FaultLab {
 protected:
  void TearDown() override {
    enforced_.reset();
    FaultLab::TearDown();
  }

  void enforce(const Entries& entries, EnforcerOptions options = {}) {
    enforced_.reset();
    enforced_.emplace(loop(), entries.compile(), std::move(options));
  }
  void enforce(const ProxySpec& spec, const Target& target, EnforcerOptions options = {}) {
    enforce(Entries{}.add(proxy(spec), target), std::move(options));
  }
  Enforced& enforced() { return *enforced_; }

  static Client connected(const std::string& peer, std::chrono::milliseconds within = 3s) {
    Client client{SOCK_STREAM, peer, kEchoPort, within};
    EXPECT_EQ(client.connect(), 0) << peer;
    return client;
  }
  static Seen echo(Client& client) {
    const Seen sent = client.send();
    return sent == 0 ? client.receive() : sent;
  }
  static void expect_delayed(Client client, bool delayed, const std::string& what) {
    const Seen seen = echo(client);
    EXPECT_EQ(seen, 0) << what;
    EXPECT_EQ(seen.took >= std::chrono::milliseconds{kDelay}, delayed) << what << ": " << seen;
  }
  static void expect_delayed(const std::string& peer, bool delayed) {
    expect_delayed(connected(peer), delayed, peer);
  }

 private:
  std::optional<Enforced> enforced_;
};

TEST_F(ProxyFault, DelaysNewConnectionsOfProgramsHereInBothFamilies) {
  enforce(slow(), target_of(kEverywhere, {{kEchoPort, kEchoPort}}));
  for (const std::string& peer : kPeers) expect_delayed(peer, false);
  enforced().switch_to({0});
  for (const std::string& peer : kPeers) expect_delayed(peer, true);
  expect_delayed("10.1.1.2", false);
  const Proof proof = enforced().proof(0);
  EXPECT_EQ(proof.connections, kPeers.size());
  EXPECT_EQ(proof.packets, 0U);
  EXPECT_EQ(proof.bytes, 2 * kPeers.size());
  enforced().switch_to({});
  for (const std::string& peer : kPeers) expect_delayed(peer, false);
}

TEST_F(ProxyFault, HasAsManyDescriptorsAsItMay) {
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit low{.rlim_cur = 256, .rlim_max = before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
  enforce(slow(), target_of(kEverywhere));
  rlimit now{};
  EXPECT_EQ(::getrlimit(RLIMIT_NOFILE, &now), 0);
  EXPECT_EQ(now.rlim_cur, before.rlim_max);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
}

// conntrack meets the old one in its middle, and takes it for new.
TEST_F(ProxyFault, LeavesAloneWhatWasThereBefore) {
  std::vector<Client> before;
  for (const std::string& peer : kPeers) before.push_back(connected(peer));
  enforce(slow(), target_of(kEverywhere));
  enforced().switch_to({0});
  for (Client& client : before) expect_delayed(std::move(client), false, "one from before");
  EXPECT_FALSE(enforced().proof(0).proven());
}

TEST_F(ProxyFault, CutsWhatWasThereBeforeIfAsked) {
  ProxySpec spec = slow();
  spec.cut_existing = true;
  // Two ends of one connection over loopback, and one that the far side has to the server here.
  std::vector<Client> before;
  before.push_back(connected("10.1.1.1"));
  before.push_back(connected("127.0.0.1"));
  {
    const NetnsGuard there{far()};
    before.push_back(connected("10.1.1.2"));
  }
  std::vector<std::string> here = kEverywhere;
  here.emplace_back("10.1.1.2/32");
  enforce(spec, target_of(here, {{kEchoPort, kEchoPort}}));
  const auto switched = enforced().switch_to({0});
  EXPECT_TRUE(switched.warnings.empty());
  for (Client& client : before) EXPECT_NE(echo(client), 0);
  expect_delayed("10.1.1.1", true);
  EXPECT_GE(enforced().proof(0).connections, 4U);
}

TEST_F(ProxyFault, LiftsFromLiveConnectionsAndLosesNothing) {
  enforce(slow(100'000), target_of({"10.1.1.1/32"}));
  enforced().switch_to({0});
  Client client = connected("10.1.1.1");
  EXPECT_EQ(client.send(), 0);
  pollfd waiting{client.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waiting, 1, 50), 0);
  enforced().switch_to({});
  EXPECT_EQ(client.receive(), 0);
  EXPECT_EQ(echo(client), 0);
  // It is still in our hands.
  enforced().switch_to({0});
  EXPECT_EQ(client.send(), 0);
  EXPECT_EQ(::poll(&waiting, 1, 50), 0);
  EXPECT_TRUE(enforced().release().empty());
  EXPECT_NE(client.receive(), ETIMEDOUT) << "ends with the run";
}

TEST_F(ProxyFault, TakesOnlyWhatTheTargetsUserOpens) {
  for (const bool mine : {true, false}) {
    Target target = target_of({"10.1.1.1/32"});
    target.uid = mine ? ::geteuid() : ::geteuid() + 1;
    enforce(slow(), target);
    enforced().switch_to({0});
    expect_delayed("10.1.1.1", mine);
    EXPECT_EQ(enforced().proof(0).proven(), mine);
  }
}

TEST_F(ProxyFault, TakesOnlyWhatTheTargetsCgroupOpens) {
  const std::string root = "/sys/fs/cgroup/unified";
  const std::string base = ::access(root.c_str(), F_OK) == 0 ? root : "/sys/fs/cgroup";
  const std::string folder = base + "/bs_proxy_" + std::to_string(::getpid());
  if (shell("mkdir " + folder).status != 0) return skip("needs a writable cgroup hierarchy");
  Target target;
  target.cgroup = folder.substr(base.size());
  enforce(slow(), target);
  enforced().switch_to({0});
  expect_delayed("10.1.1.1", false);
  const CommandResult inside = shell("sh -c 'echo $$ > " + folder +
                                     "/cgroup.procs && exec bash -c \"exec 3<>/dev/tcp/10.1.1.1/" +
                                     std::to_string(kEchoPort) + "\"'");
  EXPECT_EQ(inside.status, 0) << inside.output;
  EXPECT_EQ(enforced().proof(0).connections, 1U);
  EXPECT_EQ(shell("rmdir " + folder).status, 0);
}

TEST_F(ProxyFault, TakesOnlyWhatGoesOutByTheTargetsDevice) {
  for (const char* const device : {"v1", "lo"}) {
    Target target;
    target.interface = device;
    enforce(slow(), target);
    enforced().switch_to({0});
    expect_delayed("10.1.1.1", target.interface == "v1");
    expect_delayed("127.0.0.1", target.interface == "lo");
  }
}

TEST_F(ProxyFault, LeavesAConnectionToTheFirstInTheTimeline) {
  enforce(Entries{}
              .add(proxy(slow()), target_of({"10.1.1.0/24"}))
              .add(proxy(with_toxic("half_open")), target_of({"10.1.1.1/32"})));
  enforced().switch_to({1, 0});
  expect_delayed("10.1.1.1", true);
  EXPECT_EQ(enforced().proof(0).connections, 1U);
  EXPECT_FALSE(enforced().proof(1).proven());
  enforced().switch_to({1});
  Client swallowed = connected("10.1.1.1", 100ms);
  EXPECT_EQ(echo(swallowed), ETIMEDOUT);
}

TEST_F(ProxyFault, DoesNotCarryThroughAPartition) {
  enforce(Entries{}
              .add(proxy(slow()), target_of({"10.1.1.1/32"}))
              .add(partition({}), target_of({"10.1.1.1/32"})));
  enforced().switch_to({0, 1});
  Client client = connected("10.1.1.1", 200ms);
  EXPECT_EQ(echo(client), ETIMEDOUT);
  EXPECT_TRUE(enforced().proof(1).proven());
}

// What was going to the listener itself has no other place to go.
TEST_F(ProxyFault, EndsConnectionsToItsListener) {
  Target target;
  target.any = true;
  enforce(with_toxic("noop"), target);
  enforced().switch_to({0});
  const std::string text = (*enforced()).text();
  const auto at = text.find("redirect to :");
  ASSERT_NE(at, std::string::npos);
  const auto port = static_cast<std::uint16_t>(std::stoi(text.substr(at + 13)));
  for (const char* const own : {"127.0.0.1", "::1", "10.1.1.2", "fd00:1::2"}) {
    Client client{SOCK_STREAM, own, port, 2'000ms};
    EXPECT_EQ(client.connect(), 0);
    char byte = 0;
    EXPECT_EQ(::recv(client.fd(), &byte, 1, 0), 0) << own;
  }
  EXPECT_EQ(enforced().proof(0).connections, 4U);
  expect_delayed("10.1.1.1", false);
}

TEST_F(ProxyFault, ActsInAnotherNamespace) {
  EnforcerOptions there;
  there.netns_fd = far().get();
  enforce(slow(), target_of({"10.1.1.0/24", "fd00:1::/64"}), std::move(there));
  enforced().switch_to({0});
  const NetnsGuard inside{far()};
  for (const char* const peer : {"10.1.1.2", "fd00:1::2", "10.1.1.1"}) expect_delayed(peer, true);
  EXPECT_EQ(enforced().proof(0).connections, 3U);
}

// A third namespace behind this one, which forwards.
class ForwardedProxyFault : public ProxyFault {
 protected:
  void SetUp() override {
    ProxyFault::SetUp();
    if (IsSkipped()) return;
    behind_.emplace();
    netlink::RouteSocket route;
    route.create_veth("v3", "v4", behind_->fd().get());
    address(route, "v3", "10.1.2.1", "fd00:2::1");
    for (const char* const all : {"ipv4/ip_forward", "ipv6/conf/all/forwarding"}) {
      std::ofstream{std::string{"/proc/sys/net/"} + all} << 1;
    }
    {
      const NetnsGuard there{far()};
      EXPECT_EQ(shell("ip route add 10.1.2.0/24 via 10.1.1.2 && "
                      "ip -6 route add fd00:2::/64 via fd00:1::2")
                    .status,
                0);
    }
    const NetnsGuard there{behind_->fd()};
    netlink::RouteSocket own;
    address(own, "v4", "10.1.2.2", "fd00:2::2");
    EXPECT_EQ(
        shell("ip route add default via 10.1.2.1 && ip -6 route add default via fd00:2::1").status,
        0);
    for (const char* const peer : {"10.1.1.1", "fd00:1::1"}) {
      Seen seen{ETIMEDOUT, {}};
      for (int tries = 0; tries < 20 && seen.error != 0; ++tries) {
        Client client{SOCK_DGRAM, peer, kEchoPort, 100ms};
        if (client.send_to() == 0) seen = client.receive();
      }
      ASSERT_EQ(seen, 0) << peer;
    }
  }
  void TearDown() override {
    behind_.reset();
    ProxyFault::TearDown();
  }

  const UniqueFd& behind() const { return behind_->fd(); }

 private:
  std::optional<OtherNetns> behind_;
};

TEST_F(ForwardedProxyFault, TakesWhatPassesAndWhatIsForAServerHere) {
  enforce(slow(), target_of({"10.1.1.0/24", "fd00:1::/64"}, {{kEchoPort, kEchoPort}}));
  const NetnsGuard there{behind()};
  const std::vector<std::string> peers{"10.1.1.1", "fd00:1::1", "10.1.1.2", "fd00:1::2"};
  std::vector<Client> before;
  for (const std::string& peer : peers) before.push_back(connected(peer));
  enforced().switch_to({0});
  for (Client& client : before) expect_delayed(std::move(client), false, "one from before");
  for (const std::string& peer : peers) expect_delayed(peer, true);
  EXPECT_EQ(enforced().proof(0).connections, peers.size());
  enforced().switch_to({});
  for (const std::string& peer : peers) expect_delayed(peer, false);
}

class KilledProxyFault : public ProxyFault {
 protected:
  static CompiledEntries compiled() {
    return Entries{}.add(proxy(slow()), target_of({"10.1.1.1/32"})).compile();
  }
};

TEST_F(KilledProxyFault, LeavesNothingBehind) {
  ForkedRun run{compiled()};
  ASSERT_TRUE(run.in_force());
  Client carried = connected("10.1.1.1");
  EXPECT_EQ(echo(carried), 0);
  run.signal(SIGKILL);
  run.reap();
  EXPECT_NE(echo(carried), ETIMEDOUT) << "ends with it";
  EXPECT_EQ(shell("nft list ruleset").output, "");
  expect_delayed("10.1.1.1", false);
}

TEST_F(KilledProxyFault, StoppedItTakesNothingOnceTheHeartbeatHasLapsed) {
  ForkedRun run{compiled()};
  ASSERT_TRUE(run.in_force());
  expect_delayed("10.1.1.1", true);
  run.signal(SIGSTOP);
  const MonotonicClock clock;
  Seen seen{ETIMEDOUT, {}};
  while (seen.error != 0 && clock.now().since_start < 6s) {
    Client client = connected("10.1.1.1", 100ms);
    seen = echo(client);
  }
  EXPECT_EQ(seen, 0);
  EXPECT_LT(clock.now().since_start, 4s);
}

}  // namespace
}  // namespace blackstart::test
