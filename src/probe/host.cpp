#include "probe/host.h"

#include <sys/socket.h>

#include <optional>
#include <unordered_map>

#include "probe/attempt.h"
#include "probe/http_engine.h"
#include "probe/stub_files.h"
#include "sys/netns.h"

namespace blackstart {

struct ProbeHost::Flights {
  std::unordered_map<const Attempt*, std::shared_ptr<Attempt>> attempts;
};

ProbeHost::ProbeHost(boost::asio::io_context& loop, const MonotonicClock& clock, ProbePlace place)
    : loop_{loop},
      clock_{clock},
      place_{std::move(place)},
      stub_files_{std::make_unique<StubFiles>(place_.resolv_conf, place_.hosts)},
      flights_{std::make_unique<Flights>()} {}

ProbeHost::~ProbeHost() = default;

UniqueFd ProbeHost::open_socket(int family, int type, int protocol) const {
  const MaybeInNetns inside{place_.netns};
  return UniqueFd{check("socket", ::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol))};
}

HttpEngine& ProbeHost::http(const std::string& cacert) {
  std::unique_ptr<HttpEngine>& engine = http_[cacert];
  if (!engine) engine = std::make_unique<HttpEngine>(*this);
  return *engine;
}

void ProbeHost::adopt(std::shared_ptr<Attempt> attempt) {
  const Attempt* key = attempt.get();
  flights_->attempts.emplace(key, std::move(attempt));
}

void ProbeHost::drop(const Attempt& attempt) { flights_->attempts.erase(&attempt); }

}  // namespace blackstart
