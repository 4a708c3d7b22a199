#pragma once

// The API's HTTP/1.1 server (RFC 9112): requests to Api::handle, and leases to their end.

#include <memory>

#include "api/api.h"
#include "sys/fd.h"
#include "sys/signals.h"

namespace blackstart::api {

class Server {
 public:
  // Both must outlive it.
  Server(Api& api, const Clock& clock);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Takes clients from a socket that listens, TCP's or Unix's. Any number of them.
  void serve_on(UniqueFd listener);

  // Answers on the calling thread until `stop` has a signal. Then takes no more clients, lets
  // requests under way end, and returns; a second signal waits for nobody.
  void run(StopSignals& stop);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace blackstart::api
