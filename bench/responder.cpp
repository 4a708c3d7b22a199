// The yardstick: the least that a UDP responder of one thread can do. Takes a batch, sets the
// answer bit, appends one A record, sends the batch. It parses nothing.
//
//   bench_responder PORT

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "sys/fd.h"

namespace {

using blackstart::check;
using blackstart::UniqueFd;

constexpr std::size_t kBatch = 64;
constexpr std::size_t kMessageMax = 1'232;
constexpr std::size_t kHeaderBytes = 12;
// A pointer to the question's name, A, IN, 60 s, 192.0.2.1.
constexpr std::array<std::uint8_t, 16> kRecord{0xc0, 12, 0, 1, 0,   1, 0, 0,
                                               0,    60, 0, 4, 192, 0, 2, 1};

struct Batch {
  std::array<std::array<std::uint8_t, kMessageMax>, kBatch> bytes{};
  std::array<sockaddr_in, kBatch> from{};
  std::array<iovec, kBatch> parts{};
  std::array<mmsghdr, kBatch> messages{};

  void point() {
    for (std::size_t i = 0; i < kBatch; ++i) {
      parts[i] = {bytes[i].data(), kMessageMax - kRecord.size()};
      messages[i].msg_hdr = {};
      messages[i].msg_hdr.msg_name = &from[i];
      messages[i].msg_hdr.msg_namelen = sizeof from[i];
      messages[i].msg_hdr.msg_iov = &parts[i];
      messages[i].msg_hdr.msg_iovlen = 1;
    }
  }
};

void turn_into_answer(Batch& batch, std::size_t i) {
  auto& bytes = batch.bytes[i];
  const std::size_t size = std::max<std::size_t>(batch.messages[i].msg_len, kHeaderBytes);
  bytes[2] |= 0x80;
  bytes[3] = 0x80;
  bytes[7] = 1;
  bytes[11] = 0;
  std::ranges::copy(kRecord, bytes.begin() + static_cast<std::ptrdiff_t>(size));
  batch.parts[i].iov_len = size + kRecord.size();
}

UniqueFd open_socket(std::uint16_t port) {
  UniqueFd fd{check("socket(udp)", ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0))};
  const int room = 4 << 20;
  (void)::setsockopt(fd.get(), SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(port);
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  check("bind(127.0.0.1)", ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at));
  return fd;
}

[[noreturn]] void serve(int fd) {
  static Batch batch;
  for (;;) {
    batch.point();
    const int taken = ::recvmmsg(fd, batch.messages.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (taken <= 0) continue;
    const auto count = static_cast<std::size_t>(taken);
    for (std::size_t i = 0; i < count; ++i) turn_into_answer(batch, i);
    (void)::sendmmsg(fd, batch.messages.data(), static_cast<unsigned>(count), 0);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) {
    std::fputs("usage: bench_responder PORT\n", stderr);
    return 2;
  }
  serve(open_socket(static_cast<std::uint16_t>(std::atoi(argv[1]))).get());
} catch (const std::exception& wrong) {
  std::fprintf(stderr, "%s\n", wrong.what());
  return 1;
}
