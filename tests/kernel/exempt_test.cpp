// covers fault/operator_session
// A connection that is exempt goes on through faults that hit everything else to the same peer.

#include "fault/exempt.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "fault/operator_session.h"
#include "netlink/kernel_facts.h"
#include "support/enforced.h"
#include "support/fault_lab.h"

namespace blackstart::test {
namespace {

using namespace std::chrono_literals;
using How = PartitionHow;

// The last one is IPv4 by a socket of IPv6.
const std::vector<std::string> kPeers{"10.1.1.1", "fd00:1::1", "127.0.0.1", "::1",
                                      "::ffff:10.1.1.1"};

Target everything() {
  Target target;
  target.name = "everything";
  target.any = true;
  return target;
}

// As sshd would say it in SSH_CLIENT, were this end the server's.
SshClaim claim_of(const netlink::SocketInfo& socket) {
  return *parse_ssh_claim(to_text(socket.remote.address) + " " +
                          std::to_string(socket.remote.port) + " " +
                          std::to_string(socket.local.port));
}

std::uint16_t port_of(const Client& client) {
  sockaddr_in6 at{};
  socklen_t size = sizeof at;
  check("getsockname", ::getsockname(client.fd(), reinterpret_cast<sockaddr*>(&at), &size));
  return ntohs(at.sin6_port);  // at the same place for IPv4
}

// The session of somebody who came by this connection, as the namespace's sockets show it.
OperatorSession session_by(const Client& client) {
  SessionFacts facts;
  facts.sockets = netlink::SocketDiag{}.list(Protocol::tcp);
  for (const netlink::SocketInfo& socket : facts.sockets) {
    if (socket.local.port != port_of(client)) continue;
    facts.ancestors.push_back({.name = "bash", .claim = claim_of(socket)});
  }
  return operator_session(facts);
}

class ExemptTest : public FaultLab {
 protected:
  static Seen echo(Client& client) {
    const Seen sent = client.send();
    return sent == 0 ? client.receive() : sent;
  }

  // `own` answers all the while, `other` sees the fault.
  void expect_spared(const FixedFault& fault, const std::string& peer, int other_sees,
                     const CompileOptions& how = {}) {
    SCOPED_TRACE(peer);
    Client own{SOCK_STREAM, peer, kEchoPort, 2'000ms}, other{SOCK_STREAM, peer, kEchoPort};
    ASSERT_EQ(own.connect(), 0);
    ASSERT_EQ(other.connect(), 0);
    EnforcerOptions options;
    options.spared = session_by(own).sockets;
    const bool within = peer == "127.0.0.1" || peer == "::1";
    ASSERT_EQ(options.spared.size(), within ? 2U : 1U);
    Entries entries;
    entries.add(fault, everything());
    Enforced enforced{loop(), entries.compile(how), std::move(options)};
    const Enforcer::Switched on = enforced.switch_to({0});
    EXPECT_TRUE(on.warnings.empty());
    for (int i = 0; i < 3; ++i) EXPECT_EQ(echo(own), 0);
    EXPECT_EQ(echo(other), other_sees);
    EXPECT_GT(enforced.proof(0).packets, 0U);
    enforced.switch_to({});
    EXPECT_EQ(echo(own), 0);
  }
};

TEST_F(ExemptTest, GoesOnThroughSilence) {
  for (const std::string& peer : kPeers) {
    expect_spared(partition({.how = How::drop}), peer, ETIMEDOUT);
  }
}

TEST_F(ExemptTest, GoesOnThroughResets) {
  for (const std::string& peer : kPeers) {
    expect_spared(partition({.how = How::reset}), peer, ECONNRESET);
  }
}

TEST_F(ExemptTest, GoesOnWhenNothingIsReachable) {
  for (const std::string& peer : kPeers) {
    expect_spared(partition({.how = How::unreachable}), peer, ETIMEDOUT);
  }
}

TEST_F(ExemptTest, IsNotDelayed) {
  constexpr Needs kQueues = Needs::netem | Needs::nft_queue | Needs::compat_queue;
  const netlink::KernelFacts facts = netlink::probe_kernel(kQueues);
  CompileOptions how;
  if (!facts.find(Needs::netem)->ok) how.engine.kind = ShapeEngine::nfqueue;
  if (!facts.find(Needs::nft_queue)->ok) how.engine.queue_via = netlink::QueueTo::Via::xtables;
  Impairment late;
  late.delay = 1h;
  for (const std::string& peer : kPeers) {
    expect_spared(network({.from = late, .to = late}), peer, ETIMEDOUT, how);
  }
}

TEST_F(ExemptTest, IsNotCutWithTheRest) {
  for (const std::string& peer : kPeers) {
    expect_spared(partition({.how = How::drop, .cut_existing = true}), peer, ECONNABORTED);
  }
}

}  // namespace
}  // namespace blackstart::test
