#pragma once

// libcurl's multi interface, driven by the loop.

#include <boost/asio/steady_timer.hpp>

#include <functional>
#include <memory>
#include <unordered_map>

#include "probe/host.h"
#include "probe/lifeline.h"

using CURL = void;  // as curl/curl.h has them
using CURLM = void;

namespace blackstart {

// Any number of transfers at once, on the loop's thread, without a thread or a poll of its
// own. The handles' sockets may be of any namespace. After libcurl's own documentation of
// curl_multi_socket_action(3): sockets to watch come through one callback, the nearest
// timeout through another.
class HttpEngine {
 public:
  // Called from the loop with libcurl's result (a CURLcode). The transfer is out of the engine
  // by then; the handle may be cleaned up.
  using Done = std::function<void(int)>;

  explicit HttpEngine(ProbeHost& host);
  ~HttpEngine();
  HttpEngine(const HttpEngine&) = delete;
  HttpEngine& operator=(const HttpEngine&) = delete;

  // Begins a transfer from the loop's next turn on. Throws std::runtime_error.
  void add(CURL* transfer, Done done);

  // Abandons it, its `done` is not called; harmless where it is not in the engine. Not to be
  // called from one of libcurl's own callbacks.
  void remove(CURL* transfer);

 private:
  struct Socket;
  struct Callbacks;  // libcurl's C callbacks

  void act(int fd, int events);
  void watch(int fd, int what);
  void rearm(int fd, const std::shared_ptr<Socket>& socket);
  void set_timer(long millis);
  void hand_out();

  ProbeHost& host_;
  CURLM* multi_;
  boost::asio::steady_timer timer_;
  std::unordered_map<int, std::shared_ptr<Socket>> sockets_;
  std::unordered_map<CURL*, Done> transfers_;
  Lifeline lifeline_;
};

}  // namespace blackstart
