// covers fault/partition_rules
// What a local sender sees under every way and direction of a partition, far away and over
// loopback, in both families: a router's answers, and never the kernel's own EPERM, ENOBUFS or
// EINVAL, which no network gives. Prints the table of docs/accuracy.md.

#include <gtest/gtest.h>

#include <cstdio>
#include <set>
#include <string>
#include <vector>

#include "support/enforced.h"
#include "support/fault_lab.h"

namespace blackstart::test {
namespace {

using How = PartitionHow;
using Way = TrafficDirection;

const std::vector<std::string> kPeers{"10.1.1.1", "fd00:1::1", "127.0.0.1", "::1"};

// The errno of the call that hears of it. Sending itself never fails: no network is that fast.
struct Row {
  const char* name;
  PartitionSpec spec;
  int connect;      // TCP
  int established;  // TCP: the read after a write
  int connected;    // UDP: the same
  int asking;       // UDP, sendto() of a socket with IP_RECVERR: the same
};

// Of what comes in the far end is told, and nobody here.
const std::vector<Row> kRows{
    {"drop | both", {How::drop, Way::both}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT},
    {"drop | out", {How::drop, Way::out}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT},
    {"drop | in", {How::drop, Way::in}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT},
    {"reset | both", {How::reset, Way::both}, ECONNREFUSED, ECONNRESET, ECONNREFUSED, ECONNREFUSED},
    {"reset | out", {How::reset, Way::out}, ECONNREFUSED, ECONNRESET, ECONNREFUSED, ECONNREFUSED},
    {"reset | in", {How::reset, Way::in}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT},
    {"unreachable | both",
     {How::unreachable, Way::both},
     EHOSTUNREACH,
     ETIMEDOUT,
     ETIMEDOUT,
     EHOSTUNREACH},
    {"unreachable | out",
     {How::unreachable, Way::out},
     EHOSTUNREACH,
     ETIMEDOUT,
     ETIMEDOUT,
     EHOSTUNREACH},
    {"unreachable | in", {How::unreachable, Way::in}, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT, ETIMEDOUT},
};

std::string name_of(const Seen& seen) {
  if (seen == 0) return "ok";
  return seen == ETIMEDOUT ? "timeout" : ::strerrorname_np(seen.error);
}

Client asking_client(const std::string& peer) {
  Client client{SOCK_DGRAM, peer, kEchoPort};
  const bool v6 = peer.find(':') != std::string::npos;
  const int on = 1;
  check("IP_RECVERR", ::setsockopt(client.fd(), v6 ? IPPROTO_IPV6 : IPPROTO_IP,
                                   v6 ? IPV6_RECVERR : IP_RECVERR, &on, sizeof on));
  return client;
}

// What each peer gave; one word where all gave the same, which is what is asked for.
struct Cell {
  std::set<std::string> seen;

  void expect(const Seen& found, int wanted) {
    EXPECT_EQ(found, wanted);
    seen.insert(name_of(found));
  }
  // The call that sends, and then the one that hears of it.
  void expect_after(const Seen& sent, const Seen& heard, int wanted) {
    EXPECT_EQ(sent, 0);
    EXPECT_EQ(heard, wanted);
    seen.insert("send " + name_of(sent) + ", recv " + name_of(heard));
  }
  std::string text() const {
    std::string out;
    for (const std::string& one : seen) out += (out.empty() ? "" : " / ") + one;
    return out;
  }
};

class SenderTest : public FaultLab {};

TEST_F(SenderTest, SeesWhatARouterWouldHaveItSee) {
  std::string table =
      "| how | direction | TCP connect | UDP sendto, IP_RECVERR | connected UDP | established TCP "
      "|\n|---|---|---|---|---|---|\n";
  for (const Row& row : kRows) {
    Entries entries;
    entries.add(partition(row.spec),
                target_of({"10.1.1.1/32", "fd00:1::1/128", "127.0.0.1/32", "::1/128"},
                          {{kEchoPort, kEchoPort}}));
    Enforced enforced{loop(), entries.compile()};
    Cell connect, asking, connected, established;
    for (const std::string& peer : kPeers) {
      SCOPED_TRACE(std::string{row.name} + " | " + peer);
      Client tcp{SOCK_STREAM, peer, kEchoPort};
      Client udp{SOCK_DGRAM, peer, kEchoPort};
      Client asks = asking_client(peer);
      ASSERT_EQ(tcp.connect(), 0);
      ASSERT_EQ(udp.connect(), 0);
      enforced.switch_to({0});
      connect.expect(Client{SOCK_STREAM, peer, kEchoPort}.connect(), row.connect);
      const Seen asked = asks.send_to();
      asking.expect_after(asked, asks.receive(), row.asking);
      const Seen sent = udp.send();
      connected.expect_after(sent, udp.receive(), row.connected);
      const Seen written = tcp.send();
      established.expect_after(written, tcp.receive(), row.established);
      enforced.switch_to({});
    }
    EXPECT_GT(enforced.proof(0).packets, 0u);
    table += "| " + std::string{row.name} + " | " + connect.text() + " | " + asking.text() + " | " +
             connected.text() + " | " + established.text() + " |\n";
  }
  std::puts(table.c_str());
}

}  // namespace
}  // namespace blackstart::test
