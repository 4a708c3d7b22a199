#include "serve/flights.h"

#include <utility>

#include "blackstart/limits.h"
#include "dns/edit.h"

namespace blackstart {

Flight& Flights::begin(Transaction transaction, dns::Bytes question, RunTime now) {
  BS_ASSERT(!full());
  if (spare_.empty()) spare_.emplace_back();
  live_.splice(live_.end(), spare_, spare_.begin());
  Flight& flight = live_.back();
  flight.self = std::prev(live_.end());
  flight.transaction = std::move(transaction);
  flight.question.assign(question.begin(), question.end());
  flight.asked = now;
  flight.try_count = 0;
  flight.servers_asked = 0;
  ++count_;
  return flight;
}

bool Flights::add_try(Flight& flight, const Flight::Try& next) {
  BS_ASSERT(flight.try_count < kTriesMax);
  if (!by_id_.try_emplace(key(next.socket, next.id), &flight).second) return false;
  flight.tries[flight.try_count++] = next;
  dns::set_id(flight.question, next.id);
  return true;
}

Flight* Flights::find(std::uint32_t socket, std::uint16_t id) const {
  const auto found = by_id_.find(key(socket, id));
  return found == by_id_.end() ? nullptr : found->second;
}

void Flights::end(Flight& flight) {
  for (std::size_t i = 0; i < flight.try_count; ++i) {
    by_id_.erase(key(flight.tries[i].socket, flight.tries[i].id));
  }
  flight.transaction = {};
  --count_;
  spare_.splice(spare_.begin(), live_, flight.self);
}

}  // namespace blackstart
