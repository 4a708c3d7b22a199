#pragma once

// A question under way: who asked, and what is to become of its answer.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "blackstart/time.h"
#include "dns/name.h"
#include "serve/socket.h"
#include "serve/udp_batch.h"

namespace blackstart {

class TcpSession;

struct Transaction {
  // By UDP: which listening socket, who asked, and at which address of ours.
  std::size_t front = 0;
  SocketAddress client;
  AskedAddress asked;
  // By TCP: the connection, as long as it is there.
  bool tcp = false;
  std::weak_ptr<TcpSession> session;
  // Asked by ourselves: who wants the answer.
  std::function<void(std::span<const std::uint8_t>)> own;

  std::uint16_t id = 0;  // the client's own
  Duration delay{};      // to hold the answer
  std::optional<std::uint32_t> ttl_cap;
  bool learn = false;
  // Another name was asked instead; then `original` is the client's question.
  const dns::Name* alias = nullptr;
  std::uint32_t alias_ttl = 0;
  std::vector<std::uint8_t> original;
};

}  // namespace blackstart
