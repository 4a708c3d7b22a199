#pragma once

// The client's end of /blackstart/held: toxics on the proxies of an API that are there as long as
// this process is, and its heartbeat.

#include <cstddef>
#include <map>
#include <string>

#include "api/http_client.h"
#include "api/requests.h"
#include "serve/proxies.h"

namespace blackstart::api {

// Not thread-safe. Every call is one exchange with the API and waits for its answer, a second at
// most. Failures are std::runtime_error.
class Holder {
 public:
  // `api`: address:port, or unix: and the path of a socket. Connects with the first call, in the
  // namespace that the calling thread is in then.
  explicit Holder(const std::string& api);

  struct Answer {
    std::size_t held = 0;                        // how many toxics this holds
    std::map<std::string, ProxyTotals> proxies;  // every one of the API
  };

  // From now on exactly these, which end their `ttl` after the last hold() or renew().
  Answer hold(const AskedHold& asked);
  Answer renew();
  Answer look();  // changes nothing

 private:
  HttpReply sent(const std::string& method, const std::string& body);
  Answer exchange(const std::string& method, const std::string& body);

  std::string api_;
  HttpClient http_;
};

}  // namespace blackstart::api
