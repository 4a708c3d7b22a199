// Listing sockets and ending connections, in a namespace of our own.

#include "netlink/sock_diag.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>

#include "support/kernel_test.h"
#include "support/udp.h"

namespace blackstart::netlink {
namespace {

// An address of loopback: 127.0.0.1, ::1, or 127.0.0.1 as an IPv6 socket says it.
enum class Loopback { v4, v6, mapped };

sockaddr_in6 loopback(Loopback which, std::uint16_t port) {
  sockaddr_in6 out{};
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(port);
  ::inet_pton(AF_INET6, which == Loopback::v6 ? "::1" : "::ffff:127.0.0.1", &out.sin6_addr);
  return out;
}

// A listener and one established connection to it.
struct Connection {
  explicit Connection(Loopback which) {
    const bool v4 = which == Loopback::v4;
    const auto open = [&] {
      const int fd = ::socket(v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
      return UniqueFd{check("socket(TCP)", fd)};
    };
    listener = open();
    client = open();
    sockaddr_storage address{};
    if (v4) {
      sockaddr_in plain{};
      plain.sin_family = AF_INET;
      plain.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      std::memcpy(&address, &plain, sizeof plain);
    } else {
      const sockaddr_in6 plain = loopback(which, 0);
      std::memcpy(&address, &plain, sizeof plain);
    }
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    check("bind", ::bind(listener.get(), generic, v4 ? sizeof(sockaddr_in) : sizeof(sockaddr_in6)));
    check("listen", ::listen(listener.get(), 4));
    check("getsockname", ::getsockname(listener.get(), generic, &size));
    check("connect", ::connect(client.get(), generic, size));
    server = UniqueFd{check("accept", ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC))};
    port = ntohs(reinterpret_cast<const sockaddr_in*>(&address)->sin_port);
  }

  // 0, or the errno of writing.
  static int write_error(const UniqueFd& fd) {
    return ::send(fd.get(), "!", 1, MSG_NOSIGNAL) < 0 ? errno : 0;
  }

  UniqueFd listener, client, server;
  std::uint16_t port = 0;
};

std::uint32_t inode_of(const UniqueFd& fd) {
  struct stat info {};
  check("fstat", ::fstat(fd.get(), &info));
  return static_cast<std::uint32_t>(info.st_ino);
}

std::optional<SocketInfo> find(const std::vector<SocketInfo>& sockets, std::uint32_t inode) {
  const auto found = std::ranges::find(sockets, inode, &SocketInfo::inode);
  return found == sockets.end() ? std::nullopt : std::optional{*found};
}

class SockDiagTest : public KernelTest {
 protected:
  void SetUp() override {
    KernelTest::SetUp();
    if (!IsSkipped()) loopback_up();
  }
};

TEST_F(SockDiagTest, ListsListenersAndConnectionsOfBothFamilies) {
  const Connection v4{Loopback::v4}, v6{Loopback::v6};
  const auto sockets = SocketDiag{}.list(Protocol::tcp);
  EXPECT_EQ(sockets.size(), 6u);
  const auto listener = find(sockets, inode_of(v4.listener));
  ASSERT_TRUE(listener);
  EXPECT_EQ(listener->state, SocketState::listening);
  EXPECT_EQ(listener->local.port, v4.port);
  const auto client = find(sockets, inode_of(v6.client));
  ASSERT_TRUE(client);
  EXPECT_EQ(client->state, SocketState::established);
  EXPECT_TRUE(client->remote.address.v6);
  EXPECT_EQ(client->remote.address.bytes[15], 1);
  EXPECT_EQ(client->remote.port, v6.port);
  EXPECT_EQ(client->uid, ::geteuid());
}

TEST_F(SockDiagTest, EndsWhatWasPickedAndNothingElse) {
  const Connection one{Loopback::v4}, other{Loopback::v4}, v6{Loopback::v6};
  SocketDiag diag;
  const auto ended =
      diag.destroy([&](const SocketInfo& socket) { return socket.remote.port == one.port; });
  EXPECT_EQ(ended.count, 1u);
  EXPECT_EQ(Connection::write_error(one.client), ECONNABORTED);
  EXPECT_EQ(Connection::write_error(one.server), ECONNRESET) << "the peer is sent a reset";
  EXPECT_EQ(Connection::write_error(other.client), 0);
  EXPECT_EQ(Connection::write_error(v6.client), 0);
  EXPECT_TRUE(find(diag.list(Protocol::tcp), inode_of(one.listener))) << "still listens";
}

TEST_F(SockDiagTest, EndsConnectionsOverIPv6AndIPv4InsideIt) {
  for (const Loopback which : {Loopback::v6, Loopback::mapped}) {
    const Connection connection{which};
    std::vector<Endpoint> seen;
    const auto ended = SocketDiag{}.destroy([&](const SocketInfo& socket) {
      if (socket.remote.port != connection.port) return false;
      seen.push_back(socket.remote);
      return true;
    });
    EXPECT_EQ(ended.count, 1u);
    ASSERT_EQ(seen.size(), 1u);
    EXPECT_EQ(seen[0].address.v6, which == Loopback::v6);
    EXPECT_EQ(Connection::write_error(connection.client), ECONNABORTED);
  }
}

TEST_F(SockDiagTest, EndsAConnectedUdpSocketAndLeavesAnUnconnectedOne) {
  const UdpSocket bound{"127.0.0.1", 9'999};
  const UdpSocket connected;
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(9'999);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check("connect(UDP)",
        ::connect(connected.fd(), reinterpret_cast<const sockaddr*>(&to), sizeof to));
  std::size_t asked = 0;
  const auto ended = SocketDiag{}.destroy([&](const SocketInfo& socket) {
    ++asked;
    return socket.protocol == Protocol::udp;
  });
  EXPECT_EQ(asked, 1u);
  EXPECT_EQ(ended.count, 1u);
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(connected.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  EXPECT_EQ(error, ECONNABORTED);
}

TEST_F(SockDiagTest, KnowsTheCgroupOfASocketWhereTheKernelTells) {
  const Connection connection{Loopback::v4};
  const auto client = find(SocketDiag{}.list(Protocol::tcp), inode_of(connection.client));
  ASSERT_TRUE(client);
  if (!client->cgroup) return skip_on_this_kernel("word of a socket's cgroup");
  EXPECT_GT(*client->cgroup, 0u);
}

TEST_F(SockDiagTest, SeesItsOwnNamespaceFromAnywhere) {
  const OtherNetns other;
  const auto diag = [&] {
    const NetnsGuard guard{other.fd()};
    return std::make_unique<SocketDiag>();
  }();
  const Connection here{Loopback::v4};
  EXPECT_TRUE(diag->list(Protocol::tcp).empty());
  EXPECT_EQ(SocketDiag{}.list(Protocol::tcp).size(), 3u);
}

}  // namespace
}  // namespace blackstart::netlink
