#pragma once

// One thread of the proxy: an epoll, its timers, and the connections that it has accepted.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <thread>
#include <unordered_map>
#include <vector>

#include "blackstart/time.h"
#include "serve/host_lookup.h"
#include "serve/proxy_engine.h"
#include "serve/proxy_front.h"
#include "sys/clock.h"
#include "sys/fd.h"

namespace blackstart {

class ProxySession;
class ProxyLoop;

// What epoll tells of.
class Watched {
 public:
  virtual void on_events(std::uint32_t events) = 0;

 protected:
  ~Watched() = default;
};

// A front as all threads see it. Its listener is closed with the last of them.
struct SharedFront {
  ProxyFront front;
  std::vector<std::array<WayCounter, 2>> counters;   // by thread, then by toxic::Stream
  std::atomic<std::uint64_t> accepted{0}, ended{0};  // connections
};

// What the threads of one engine share. Outlives them.
struct ProxyCommons {
  explicit ProxyCommons(std::uint64_t seed_) : seed{seed_} {}

  MonotonicClock clock;
  HostLookup names;
  const std::uint64_t seed;
  std::atomic<std::uint64_t> next_connection{1};
  std::vector<ProxyLoop*> loops{};  // all of them, before the first front is opened
};

class ProxyLoop {
 public:
  ProxyLoop(ProxyCommons& commons, std::size_t number);
  ~ProxyLoop();  // with every connection; after all threads of the engine have ended
  ProxyLoop(const ProxyLoop&) = delete;
  ProxyLoop& operator=(const ProxyLoop&) = delete;

  // Has `act` done on the thread as soon as it is between two connections, before all else that
  // waits. From any thread.
  void ask(std::function<void()> act);

  // Has it done when its turn comes: one thing at a time, while nothing is asked. From any thread.
  void post(std::function<void()> act);

  // Returns when the thread has ended. What is asked or posted from then on is not done.
  void stop();

  // How many connections it has, with those on their way to it. From any thread.
  std::size_t load() const { return load_.load(std::memory_order_relaxed); }

  // On the thread itself, all that follow.

  void open(ProxyEngine::FrontId id, std::shared_ptr<SharedFront> front);
  void stop_accepting(ProxyEngine::FrontId id);
  void accept_again(ProxyEngine::FrontId id);
  void close(ProxyEngine::FrontId id);
  void add_toxic(ProxyEngine::FrontId id, const SharedToxic& toxic);
  void update_toxic(ProxyEngine::FrontId id, const SharedToxic& toxic, bool draw_again);
  void remove_toxic(ProxyEngine::FrontId id, std::string_view name);
  std::vector<ProxyEngine::Connection> connections() const;

  // For its connections.

  ProxyCommons& commons() { return commons_; }
  RunTime now() const { return commons_.clock.now(); }
  std::span<std::byte> scratch() { return scratch_; }  // of whoever is moving bytes
  bool is_own_thread() const { return std::this_thread::get_id() == thread_.get_id(); }
  bool watch(int fd, Watched& watched);  // false: the kernel has no room for it
  void touch(ProxySession& connection);  // it can move bytes, when those before it have
  void wake_at(RunTime due, const ProxySession& connection, std::size_t way);
  void end(ProxySession& connection);  // frees it after the round
  ProxySession* find(std::uint64_t connection) const;

 private:
  struct Listening;
  struct Wake {
    RunTime due;
    std::uint64_t connection;
    std::size_t way;

    bool operator>(const Wake& other) const { return due > other.due; }
  };

  void run();
  void round();
  void move_ready();
  void tell();
  void take_told();
  void do_asked();
  void run_errands();
  void take_wakes();
  void drop_old_wakes();
  void set_timer();
  void accept_from(Listening& listening);
  void adopt(ProxyEngine::FrontId id, UniqueFd client, const SocketAddress& address);
  std::optional<UniqueFd> accept_one(int listener, SocketAddress& client);
  template <class Act>
  void for_each_of(ProxyEngine::FrontId id, Act act);

  ProxyCommons& commons_;
  const std::size_t number_;
  UniqueFd epoll_, told_, timer_;
  UniqueFd spare_;  // given up to refuse a connection when descriptors have run out
  std::vector<std::byte> scratch_;
  std::map<ProxyEngine::FrontId, std::unique_ptr<Listening>> fronts_;
  std::unordered_map<std::uint64_t, std::unique_ptr<ProxySession>> connections_;
  std::deque<ProxySession*> ready_;
  std::vector<std::unique_ptr<ProxySession>> ended_;
  std::vector<Wake> wakes_;  // a heap, the first due in front
  std::optional<RunTime> timer_set_;

  std::atomic<std::size_t> load_{0};
  std::deque<std::function<void()>> errands_;  // that were posted
  bool stopping_ = false;
  std::mutex mutex_;  // what follows
  std::vector<std::function<void()>> asked_, posts_;
  std::atomic<bool> is_asked_{false};
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace blackstart
