#pragma once

// One nftables transaction: all of its messages take effect at one instant, or none does.

#include <optional>
#include <span>
#include <vector>

#include "netlink/ruleset_messages.h"
#include "netlink/socket.h"

namespace blackstart::netlink {

// A message that the kernel refused, and the index of it; of the batch as such (no privilege,
// out of memory) the index is the number of messages.
struct BatchRefusal {
  Refusal refusal;
  std::size_t message = 0;
};

// nullopt when it is committed. The acknowledgement is asked for the last message only: it
// comes after the commit, and one answer cannot overrun a buffer.
std::optional<BatchRefusal> commit(Socket& socket, std::span<const BatchMessage> messages,
                                   std::string_view attempt);

// The same, in as many transactions as the send buffer allows, in order.
std::optional<BatchRefusal> commit_in_parts(Socket& socket, std::span<const BatchMessage> messages,
                                            std::string_view attempt);

// How many bytes a transaction of these takes.
std::size_t batch_size(std::span<const BatchMessage> messages);

// The exception for a refusal: "load ruleset: rule 2 of chain out: …".
std::system_error refused(std::string_view attempt, std::span<const BatchMessage> messages,
                          const BatchRefusal& refusal);

}  // namespace blackstart::netlink
