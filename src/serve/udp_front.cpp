#include "serve/udp_front.h"

#include <utility>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

// Longer than any question that resolvers take over UDP.
constexpr std::size_t kQuestionMax = 4'096;
// Answers are small and lie close together; one of full size fits at any time.
constexpr std::size_t kArenaBytes = 2 * limits::dns_message_bytes_max;
constexpr int kBatchesPerTurn = 2;  // then others on this thread have theirs

}  // namespace

UdpFront::UdpFront(boost::asio::io_context& io, UniqueFd socket, std::size_t number, Hooks hooks)
    : socket_{io, socket.get()},
      number_{number},
      wildcard_{is_wildcard(local_endpoint(socket.get()).address)},
      hooks_{std::move(hooks)},
      inbox_{kQuestionMax},
      arena_{std::make_unique_for_overwrite<std::uint8_t[]>(kArenaBytes)} {
  (void)socket.release();
}

void UdpFront::start() { wait_for_questions(); }

void UdpFront::stop() {
  hooks_ = {};
  socket_.close();
}

std::span<std::uint8_t> UdpFront::room() {
  if (kArenaBytes - used_ < limits::dns_message_bytes_max) unsent_ += flush();
  return {arena_.get() + used_, limits::dns_message_bytes_max};
}

void UdpFront::reply(std::span<const std::uint8_t> answer, const SocketAddress& to,
                     const AskedAddress& from) {
  if (outbox_.full()) {
    // The arena is not given back: `answer` may lie in it.
    unsent_ += outbox_.flush(socket_.native_handle()).size();
  }
  outbox_.add(answer, to, from);
  if (answer.data() == arena_.get() + used_) used_ += answer.size();
}

std::size_t UdpFront::flush() {
  if (!outbox_.empty()) unsent_ += outbox_.flush(socket_.native_handle()).size();
  used_ = 0;
  return std::exchange(unsent_, 0);
}

void UdpFront::wait_for_questions() {
  socket_.async_wait(boost::asio::posix::descriptor_base::wait_read,
                     [weak = weak_from_this()](const boost::system::error_code& ended) {
                       const auto self = weak.lock();
                       if (!self || ended) return;
                       self->take_questions();
                       if (self->socket_.is_open()) self->wait_for_questions();
                     });
}

void UdpFront::take_questions() {
  for (int turn = 0; turn < kBatchesPerTurn; ++turn) {
    const int came = inbox_.receive(socket_.native_handle());
    if (came <= 0) return;
    for (std::size_t i = 0; i < static_cast<std::size_t>(came); ++i) {
      const AskedAddress asked = wildcard_ ? inbox_.asked(i) : AskedAddress{};
      if (!inbox_.message(i).empty())
        hooks_.question(*this, {inbox_.message(i), inbox_.from(i), asked});
    }
    hooks_.settled();
    if (static_cast<std::size_t>(came) < kUdpBatch) return;
  }
}

}  // namespace blackstart
