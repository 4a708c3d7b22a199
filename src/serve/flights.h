#pragma once

// Questions that wait for an upstream's answer, found again by socket and id.

#include <array>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory_resource>
#include <unordered_map>
#include <vector>

#include "blackstart/time.h"
#include "serve/transaction.h"

namespace blackstart {

inline constexpr std::size_t kTriesMax = 3;

// One question upstream, with its tries in order: each went to one server, over one socket,
// under an id of its own.
struct Flight {
  struct Try {
    std::uint32_t socket = 0;
    std::uint16_t id = 0;
    std::uint32_t server = 0;
    bool refused = false;
  };

  Transaction transaction;
  std::vector<std::uint8_t> question;  // as sent, under the last try's id
  RunTime asked;
  std::array<Try, kTriesMax> tries{};
  std::size_t try_count = 0;
  std::size_t servers_asked = 0;  // counts servers that no try could be sent to as well

  std::list<Flight>::iterator self;  // where it is kept
};

// Oldest first. Ended flights keep their memory for the next ones, so a busy table does not
// allocate. Pure; not thread-safe.
class Flights {
 public:
  explicit Flights(std::size_t most) : most_{most} {}

  // When full, the oldest must end first.
  bool full() const { return count_ == most_; }
  bool empty() const { return count_ == 0; }
  std::size_t size() const { return count_; }

  // A flight without tries. Not when full.
  Flight& begin(Transaction transaction, dns::Bytes question, RunTime now);

  // Adds a try, and writes its id into the question. False, and nothing is added, where `id` is
  // on its way over this socket already. Not beyond kTriesMax.
  bool add_try(Flight& flight, const Flight::Try& next);

  // nullptr where nothing like that is under way.
  Flight* find(std::uint32_t socket, std::uint16_t id) const;

  // Forgets it and its tries; references to it are void then.
  void end(Flight& flight);

  std::list<Flight>& oldest_first() { return live_; }

 private:
  static std::uint64_t key(std::uint32_t socket, std::uint16_t id) {
    return std::uint64_t{socket} << 16 | id;
  }

  std::size_t most_;
  std::size_t count_ = 0;
  std::list<Flight> live_, spare_;
  std::pmr::unsynchronized_pool_resource pool_;
  std::pmr::unordered_map<std::uint64_t, Flight*> by_id_{&pool_};
};

}  // namespace blackstart
