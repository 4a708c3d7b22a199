#include "serve/upstream_watch.h"

#include <poll.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "serve/host_lookup.h"
#include "sys/fd.h"

namespace blackstart {
namespace {

constexpr std::chrono::milliseconds kEvery{250};
constexpr std::chrono::milliseconds kPatience{250};  // for a name, and for a handshake

// Sockets on their way to an upstream, one an address of it.
struct Look {
  std::uint64_t id = 0;
  std::vector<UniqueFd> sockets{};
};

UniqueFd start_to_connect(const SocketAddress& to) {
  UniqueFd fd{::socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
  if (fd && ::connect(fd.get(), &to.any, to.length) != 0 && errno != EINPROGRESS) fd.reset();
  return fd;
}

bool is_connected(int fd) {
  int error = 0;
  socklen_t size = sizeof error;
  sockaddr_storage peer{};
  socklen_t peer_size = sizeof peer;
  return ::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0 &&
         ::getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0;
}

// Until all have an answer, or patience is at its end.
void wait_for(const std::vector<Look>& looks) {
  std::vector<pollfd> waiting;
  for (const Look& look : looks) {
    for (const UniqueFd& fd : look.sockets) waiting.push_back({fd.get(), POLLOUT, 0});
  }
  for (auto left = kPatience; !waiting.empty() && left.count() > 0;
       left -= std::chrono::milliseconds{25}) {
    ::poll(waiting.data(), waiting.size(), 25);
    std::erase_if(waiting, [](const pollfd& one) { return one.revents != 0; });
  }
}

}  // namespace

struct UpstreamWatch::State {
  explicit State(Told told_) : told{std::move(told_)}, thread{[this] { run(); }} {}
  ~State() {
    {
      const std::scoped_lock lock{mutex};
      ending = true;
    }
    changed.notify_all();
    thread.join();
  }

  void run() {
    std::unique_lock lock{mutex};
    while (!ending) {
      const auto seen = upstreams;
      fresh = false;
      lock.unlock();
      look_at(seen);
      lock.lock();
      changed.wait_for(lock, kEvery, [&] { return ending || fresh; });
    }
  }

  void look_at(const std::map<std::uint64_t, std::string>& all) {
    std::vector<Look> looks;
    for (const auto& [id, upstream] : all) {
      Look& look = looks.emplace_back(Look{id});
      for (const SocketAddress& address : addresses_of(upstream)) {
        if (UniqueFd fd = start_to_connect(address)) look.sockets.push_back(std::move(fd));
      }
    }
    wait_for(looks);
    for (const Look& look : looks) {
      bool up = false;
      for (const UniqueFd& fd : look.sockets) up = up || is_connected(fd.get());
      told(look.id, up);
    }
  }

  HostLookup::Found addresses_of(const std::string& upstream) {
    const auto where = split_host_port(upstream);
    return where ? names.look_up_within(*where, kPatience).value_or(HostLookup::Found{})
                 : HostLookup::Found{};
  }

  const Told told;
  HostLookup names;
  std::mutex mutex;
  std::condition_variable changed;
  std::map<std::uint64_t, std::string> upstreams;
  bool fresh = false;  // something was added
  bool ending = false;
  std::thread thread;  // last: it uses all of the above
};

UpstreamWatch::UpstreamWatch(Told told) : state_{std::make_unique<State>(std::move(told))} {}
UpstreamWatch::~UpstreamWatch() = default;

void UpstreamWatch::add(std::uint64_t id, std::string upstream) {
  {
    const std::scoped_lock lock{state_->mutex};
    state_->upstreams.emplace(id, std::move(upstream));
    state_->fresh = true;
  }
  state_->changed.notify_all();
}

void UpstreamWatch::remove(std::uint64_t id) {
  const std::scoped_lock lock{state_->mutex};
  state_->upstreams.erase(id);
}

}  // namespace blackstart
