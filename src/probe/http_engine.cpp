#include "probe/http_engine.h"

#include <curl/curl.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <stdexcept>

#include "blackstart/limits.h"

namespace blackstart {
namespace {

using boost::asio::posix::stream_descriptor;

void init_curl_once() {
  static const CURLcode result = ::curl_global_init(CURL_GLOBAL_DEFAULT);
  if (result != CURLE_OK) throw std::runtime_error{"libcurl does not initialise"};
}

CURLM* new_multi() {
  init_curl_once();
  CURLM* multi = ::curl_multi_init();
  if (multi == nullptr) throw std::runtime_error{"libcurl gives no multi handle"};
  return multi;
}

}  // namespace

// A socket of libcurl's that it wants watched. libcurl opens and closes it: here it is only
// lent to the loop.
struct HttpEngine::Socket {
  explicit Socket(boost::asio::io_context& loop, int fd) : descriptor{loop, fd} {}
  ~Socket() { descriptor.release(); }

  stream_descriptor descriptor;
  int wanted = 0;  // CURL_POLL_IN, CURL_POLL_OUT or both
  bool reading = false, writing = false;
};

struct HttpEngine::Callbacks {
  static int socket(CURL*, curl_socket_t fd, int what, void* engine, void*) {
    static_cast<HttpEngine*>(engine)->watch(fd, what);
    return 0;
  }
  static int timer(CURLM*, long millis, void* engine) {
    static_cast<HttpEngine*>(engine)->set_timer(millis);
    return 0;
  }
};

HttpEngine::HttpEngine(ProbeHost& host) : host_{host}, multi_{new_multi()}, timer_{host.loop()} {
  ::curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, &Callbacks::socket);
  ::curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
  ::curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, &Callbacks::timer);
  ::curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
  // Kept connections: as many as there may be probes, lest one probe close another's.
  ::curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(limits::probes_max));
}

HttpEngine::~HttpEngine() {
  for (const auto& [transfer, done] : transfers_) ::curl_multi_remove_handle(multi_, transfer);
  sockets_.clear();
  ::curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, nullptr);
  ::curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, nullptr);
  ::curl_multi_cleanup(multi_);
}

void HttpEngine::add(CURL* transfer, Done done) {
  transfers_[transfer] = std::move(done);
  const CURLMcode code = ::curl_multi_add_handle(multi_, transfer);
  if (code == CURLM_OK) return;
  transfers_.erase(transfer);
  throw std::runtime_error{::curl_multi_strerror(code)};
}

void HttpEngine::remove(CURL* transfer) {
  if (transfers_.erase(transfer) != 0) ::curl_multi_remove_handle(multi_, transfer);
}

void HttpEngine::act(int fd, int events) {
  int running = 0;
  ::curl_multi_socket_action(multi_, fd, events, &running);
  hand_out();
}

void HttpEngine::watch(int fd, int what) {
  if (what == CURL_POLL_REMOVE) {
    sockets_.erase(fd);
    return;
  }
  std::shared_ptr<Socket>& socket = sockets_[fd];
  if (!socket) socket = std::make_shared<Socket>(host_.loop(), fd);
  socket->wanted = what;
  rearm(fd, socket);
}

void HttpEngine::rearm(int fd, const std::shared_ptr<Socket>& socket) {
  const auto wait = [&](stream_descriptor::wait_type type, bool Socket::*waiting, int event) {
    if ((*socket).*waiting) return;
    (*socket).*waiting = true;
    // Weak: when the socket is gone its number may already be another's.
    const std::weak_ptr<Socket> weak = socket;
    socket->descriptor.async_wait(
        type, lifeline_.bind([this, fd, event, waiting, weak](const boost::system::error_code&) {
          if (const auto woken = weak.lock()) (*woken).*waiting = false;
          if (weak.expired()) return;
          act(fd, event);
          if (const auto still = weak.lock()) rearm(fd, still);
        }));
  };
  if ((socket->wanted & CURL_POLL_IN) != 0) {
    wait(stream_descriptor::wait_read, &Socket::reading, CURL_CSELECT_IN);
  }
  if ((socket->wanted & CURL_POLL_OUT) != 0) {
    wait(stream_descriptor::wait_write, &Socket::writing, CURL_CSELECT_OUT);
  }
}

void HttpEngine::set_timer(long millis) {
  timer_.cancel();
  if (millis < 0) return;
  timer_.expires_after(std::chrono::milliseconds{millis});
  timer_.async_wait(lifeline_.bind([this](const boost::system::error_code& error) {
    if (!error) act(CURL_SOCKET_TIMEOUT, 0);
  }));
}

void HttpEngine::hand_out() {
  int left = 0;
  while (const CURLMsg* message = ::curl_multi_info_read(multi_, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    CURL* transfer = message->easy_handle;
    const int result = message->data.result;
    ::curl_multi_remove_handle(multi_, transfer);
    if (auto node = transfers_.extract(transfer)) node.mapped()(result);
  }
}

}  // namespace blackstart
