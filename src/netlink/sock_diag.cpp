#include "netlink/sock_diag.h"

#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>

#include <algorithm>

namespace blackstart::netlink {
namespace {

static_assert(sizeof(inet_diag_sockid) == std::tuple_size_v<decltype(SocketInfo::id)>);

constexpr std::uint32_t kAllStates = 0xffffffff;
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

std::uint8_t number_of(Protocol protocol) {
  return protocol == Protocol::tcp ? IPPROTO_TCP : IPPROTO_UDP;
}

Address address_of(const __be32 (&words)[4], bool v6) {
  Address address{v6, {}};
  std::memcpy(address.bytes.data(), words, v6 ? 16 : 4);
  if (!v6 || !std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), address.bytes.begin())) {
    return address;
  }
  Address v4{false, {}};
  std::copy(address.bytes.begin() + 12, address.bytes.end(), v4.bytes.begin());
  return v4;
}

SocketInfo read_socket(Protocol protocol, const inet_diag_msg& found, const Attributes& more) {
  SocketInfo socket;
  const bool v6 = found.idiag_family == AF_INET6;
  socket.protocol = protocol;
  socket.state = static_cast<SocketState>(found.idiag_state);
  socket.local = {address_of(found.id.idiag_src, v6), big_endian(found.id.idiag_sport)};
  socket.remote = {address_of(found.id.idiag_dst, v6), big_endian(found.id.idiag_dport)};
  socket.uid = found.idiag_uid;
  socket.inode = found.idiag_inode;
  socket.interface = found.id.idiag_if;
  socket.cgroup = more.get<std::uint64_t>(INET_DIAG_CGROUP_ID);
  socket.v6 = v6;
  std::memcpy(socket.id.data(), &found.id, sizeof found.id);
  return socket;
}

bool has_owner_and_peer(const SocketInfo& socket) {
  return socket.remote.port != 0 && socket.state != SocketState::listening &&
         socket.state != SocketState::time_wait;
}

inet_diag_req_v2 request_for(Protocol protocol, bool v6) {
  inet_diag_req_v2 request{};
  request.sdiag_family = v6 ? AF_INET6 : AF_INET;
  request.sdiag_protocol = number_of(protocol);
  request.idiag_states = kAllStates;
  return request;
}

}  // namespace

SocketDiag::SocketDiag() : socket_{NETLINK_SOCK_DIAG} {}

void SocketDiag::list_family(Protocol protocol, bool v6, std::vector<SocketInfo>& into) {
  const Bytes answers = socket_.dump(
      MessageWriter{SOCK_DIAG_BY_FAMILY, 0, request_for(protocol, v6)}.take(), "list sockets");
  ByteView rest{answers};
  while (const auto message = take_message(rest)) {
    const auto found = message->fixed<inet_diag_msg>();
    if (message->header.nlmsg_type != SOCK_DIAG_BY_FAMILY || !found) continue;
    into.push_back(read_socket(protocol, *found, message->attributes<inet_diag_msg>()));
  }
}

std::vector<SocketInfo> SocketDiag::list(Protocol protocol) {
  std::vector<SocketInfo> sockets;
  list_family(protocol, false, sockets);
  list_family(protocol, true, sockets);
  return sockets;
}

// False when it has gone by itself.
bool SocketDiag::destroy_one(const SocketInfo& socket) {
  inet_diag_req_v2 request = request_for(socket.protocol, socket.v6);
  std::memcpy(&request.id, socket.id.data(), sizeof request.id);
  try {
    socket_.ask(MessageWriter{SOCK_DESTROY, 0, request}.take(), "end a connection");
  } catch (const std::system_error& error) {
    if (error.code().value() != ENOENT) throw;
    return false;
  }
  return true;
}

SocketDiag::Ended SocketDiag::destroy(const std::function<bool(const SocketInfo&)>& matches) {
  Ended ended;
  for (const Protocol protocol : {Protocol::tcp, Protocol::udp}) {
    for (const SocketInfo& socket : list(protocol)) {
      if (!has_owner_and_peer(socket) || !matches(socket)) continue;
      destroy_one(socket) ? ++ended.count : ++ended.missed;
    }
  }
  return ended;
}

}  // namespace blackstart::netlink
