#include "serve/proxy_loop.h"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <utility>

#include "serve/proxy_session.h"

namespace blackstart {
namespace {

constexpr std::size_t kScratchBytes = 512 << 10;
constexpr int kEventsAtOnce = 256;
constexpr std::size_t kErrandsAtOnce = 16;
constexpr std::size_t kMovesAtOnce = 64;
constexpr std::size_t kEvenEnough = 2;  // connections that a thread may have more than another

UniqueFd open_spare() { return UniqueFd{::open("/dev/null", O_RDONLY | O_CLOEXEC)}; }

}  // namespace

// A front's listener in this thread's epoll.
struct ProxyLoop::Listening final : Watched {
  Listening(ProxyLoop& of, ProxyEngine::FrontId front_id, std::shared_ptr<SharedFront> shared)
      : loop{of}, id{front_id}, front{std::move(shared)}, toxics{front->front.toxics} {}

  void on_events(std::uint32_t) override { loop.accept_from(*this); }

  void remember(ProxySession& session) {
    session.place = sessions.size();
    sessions.push_back(&session);
  }
  void forget(const ProxySession& session) {
    sessions.back()->place = session.place;
    sessions[session.place] = sessions.back();
    sessions.pop_back();
  }

  ProxyLoop& loop;
  const ProxyEngine::FrontId id;
  const std::shared_ptr<SharedFront> front;
  std::vector<SharedToxic> toxics;        // for those to come
  std::vector<ProxySession*> sessions{};  // that it has, each at its place
};

ProxyLoop::ProxyLoop(ProxyCommons& commons, std::size_t number)
    : commons_{commons},
      number_{number},
      epoll_{check("epoll_create1()", ::epoll_create1(EPOLL_CLOEXEC))},
      told_{check("eventfd()", ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))},
      timer_{
          check("timerfd_create()", ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))},
      spare_{open_spare()},
      scratch_(kScratchBytes) {
  for (const int fd : {told_.get(), timer_.get()}) {
    epoll_event event{.events = EPOLLIN | EPOLLET, .data = {.ptr = nullptr}};
    check("epoll_ctl()", ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event));
  }
  thread_ = std::thread{[this] { run(); }};
}

ProxyLoop::~ProxyLoop() {
  if (thread_.joinable()) stop();
}

void ProxyLoop::stop() {
  ask([this] { stopping_ = true; });
  thread_.join();
}

void ProxyLoop::ask(std::function<void()> act) {
  {
    const std::scoped_lock lock{mutex_};
    asked_.push_back(std::move(act));
    is_asked_ = true;
  }
  tell();
}

void ProxyLoop::post(std::function<void()> act) {
  {
    const std::scoped_lock lock{mutex_};
    posts_.push_back(std::move(act));
  }
  tell();
}

void ProxyLoop::tell() {
  const std::uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(told_.get(), &one, sizeof one);
}

void ProxyLoop::run() {
  while (!stopping_) round();
}

void ProxyLoop::round() {
  std::array<epoll_event, kEventsAtOnce> events;
  const bool waits = ready_.empty() && errands_.empty();
  const int count = ::epoll_wait(epoll_.get(), events.data(), kEventsAtOnce, waits ? -1 : 0);
  bool told = false;  // of something asked or posted, or by the timer
  for (int i = 0; i < count; ++i) {
    const epoll_event& event = events[static_cast<std::size_t>(i)];
    if (auto* const watched = static_cast<Watched*>(event.data.ptr)) {
      watched->on_events(event.events);
    } else {
      told = true;
    }
  }
  if (told) take_told();
  run_errands();
  take_wakes();
  move_ready();
  if (!ended_.empty()) {
    std::erase_if(ended_, [](const auto& one) { return !one->queued; });
    drop_old_wakes();
  }
  set_timer();
}

void ProxyLoop::take_told() {
  std::uint64_t counted = 0;
  [[maybe_unused]] auto size = ::read(told_.get(), &counted, sizeof counted);
  size = ::read(timer_.get(), &counted, sizeof counted);
  do_asked();
  const std::scoped_lock lock{mutex_};
  std::ranges::move(posts_, std::back_inserter(errands_));
  posts_.clear();
}

void ProxyLoop::do_asked() {
  if (!is_asked_.load(std::memory_order_relaxed)) return;
  std::vector<std::function<void()>> asked;
  {
    const std::scoped_lock lock{mutex_};
    asked.swap(asked_);
    is_asked_ = false;
  }
  for (const auto& act : asked) act();
}

// A few, since each may be a connection to make, and those that are there wait.
void ProxyLoop::run_errands() {
  for (std::size_t left = std::min(errands_.size(), kErrandsAtOnce); left > 0; --left) {
    do_asked();
    const std::function<void()> errand = std::move(errands_.front());
    errands_.pop_front();
    errand();
  }
}

// One turn each, and no more than lets new connections and timers have theirs.
void ProxyLoop::move_ready() {
  for (std::size_t left = std::min(ready_.size(), kMovesAtOnce); left > 0; --left) {
    do_asked();
    ProxySession& connection = *ready_.front();
    ready_.pop_front();
    connection.queued = false;
    if (!connection.ended && connection.move()) touch(connection);
  }
}

void ProxyLoop::wake_at(RunTime due, const ProxySession& connection, std::size_t way) {
  wakes_.push_back({due, connection.id(), way});
  std::ranges::push_heap(wakes_, std::greater<>{});
}

void ProxyLoop::take_wakes() {
  if (wakes_.empty()) return;
  const RunTime at = now();
  while (!wakes_.empty() && wakes_.front().due <= at) {
    const Wake wake = wakes_.front();
    std::ranges::pop_heap(wakes_, std::greater<>{});
    wakes_.pop_back();
    if (ProxySession* const connection = find(wake.connection)) {
      if (connection->take_wake(wake.way, wake.due)) touch(*connection);
    }
  }
}

// Those of connections that have ended, when they are most.
void ProxyLoop::drop_old_wakes() {
  if (wakes_.size() <= 4 * connections_.size() + 1'024) return;
  std::erase_if(wakes_, [&](const Wake& wake) { return find(wake.connection) == nullptr; });
  std::ranges::make_heap(wakes_, std::greater<>{});
}

void ProxyLoop::set_timer() {
  if (wakes_.empty() || timer_set_ == wakes_.front().due) return;
  timer_set_ = wakes_.front().due;
  const Duration at = commons_.clock.origin() + timer_set_->since_start;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(at);
  const itimerspec when{.it_interval = {},
                        .it_value = {.tv_sec = seconds.count(), .tv_nsec = (at - seconds).count()}};
  check("timerfd_settime()", ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &when, nullptr));
}

bool ProxyLoop::watch(int fd, Watched& watched) {
  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.ptr = &watched}};
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void ProxyLoop::touch(ProxySession& connection) {
  if (connection.queued || connection.ended) return;
  connection.queued = true;
  ready_.push_back(&connection);
}

void ProxyLoop::end(ProxySession& connection) {
  connection.ended = true;
  load_.fetch_sub(1, std::memory_order_relaxed);
  if (const auto front = fronts_.find(connection.front()); front != fronts_.end()) {
    front->second->forget(connection);
  }
  auto node = connections_.extract(connection.id());
  ended_.push_back(std::move(node.mapped()));
}

ProxySession* ProxyLoop::find(std::uint64_t connection) const {
  const auto found = connections_.find(connection);
  return found == connections_.end() ? nullptr : found->second.get();
}

void ProxyLoop::open(ProxyEngine::FrontId id, std::shared_ptr<SharedFront> front) {
  fronts_.emplace(id, std::make_unique<Listening>(*this, id, std::move(front)));
  accept_again(id);
}

void ProxyLoop::accept_again(ProxyEngine::FrontId id) {
  Listening& listening = *fronts_.at(id);
  // Whichever thread is free takes it; an idle one, as a rule.
  epoll_event event{.events = EPOLLIN | EPOLLEXCLUSIVE,
                    .data = {.ptr = static_cast<Watched*>(&listening)}};
  check("epoll_ctl()",
        ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, listening.front->front.listener.get(), &event));
}

std::optional<UniqueFd> ProxyLoop::accept_one(int listener, SocketAddress& client) {
  client.length = sizeof client.v6;
  const int fd = ::accept4(listener, &client.any, &client.length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (fd >= 0) return UniqueFd{fd};
  if (errno != EMFILE && errno != ENFILE) return std::nullopt;
  // Left waiting, it would wake us for ever.
  spare_.reset();
  const UniqueFd refused{::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC)};
  spare_ = open_spare();
  return std::nullopt;
}

// One a round: taking all that wait keeps them from the other threads.
void ProxyLoop::accept_from(Listening& listening) {
  SocketAddress client;
  auto fd = accept_one(listening.front->front.listener.get(), client);
  if (!fd) return;
  ProxyLoop* const idlest = *std::ranges::min_element(commons_.loops, {}, &ProxyLoop::load);
  const bool keeps = load() <= idlest->load() + kEvenEnough;
  (keeps ? this : idlest)->load_.fetch_add(1, std::memory_order_relaxed);
  if (keeps) return adopt(listening.id, std::move(*fd), client);
  idlest->post([idlest, id = listening.id, given = std::make_shared<UniqueFd>(std::move(*fd)),
                client] { idlest->adopt(id, std::move(*given), client); });
}

void ProxyLoop::adopt(ProxyEngine::FrontId id, UniqueFd client, const SocketAddress& address) {
  const auto found = fronts_.find(id);
  if (found == fronts_.end()) {
    load_.fetch_sub(1, std::memory_order_relaxed);
    return;
  }
  Listening& listening = *found->second;
  auto connection = std::make_unique<ProxySession>(
      *this, id, listening.front, listening.front->counters[number_], std::move(client), address);
  ProxySession& started = *connection;
  connections_.emplace(started.id(), std::move(connection));
  listening.remember(started);
  started.start(listening.toxics);
}

void ProxyLoop::stop_accepting(ProxyEngine::FrontId id) {
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fronts_.at(id)->front->front.listener.get(), nullptr);
}

void ProxyLoop::close(ProxyEngine::FrontId id) {
  const auto node = fronts_.extract(id);
  for (ProxySession* const one : node.mapped()->sessions) one->close(false);
}

// What is done to one may end it.
template <class Act>
void ProxyLoop::for_each_of(ProxyEngine::FrontId id, Act act) {
  const std::vector<ProxySession*> all = fronts_.at(id)->sessions;
  for (ProxySession* const one : all) act(*one);
}

void ProxyLoop::add_toxic(ProxyEngine::FrontId id, const SharedToxic& toxic) {
  fronts_.at(id)->toxics.push_back(toxic);
  for_each_of(id, [&](ProxySession& one) { one.add_toxic(toxic); });
}

void ProxyLoop::update_toxic(ProxyEngine::FrontId id, const SharedToxic& toxic, bool draw_again) {
  std::vector<SharedToxic>& toxics = fronts_.at(id)->toxics;
  const auto same = [&](const SharedToxic& one) { return one->name == toxic->name; };
  *std::ranges::find_if(toxics, same) = toxic;
  for_each_of(id, [&](ProxySession& one) { one.update_toxic(toxic, draw_again); });
}

void ProxyLoop::remove_toxic(ProxyEngine::FrontId id, std::string_view name) {
  std::vector<SharedToxic>& toxics = fronts_.at(id)->toxics;
  const auto found =
      std::ranges::find_if(toxics, [&](const SharedToxic& one) { return one->name == name; });
  const SharedToxic toxic = *found;
  toxics.erase(found);
  for_each_of(id, [&](ProxySession& one) { one.remove_toxic(*toxic); });
}

std::vector<ProxyEngine::Connection> ProxyLoop::connections() const {
  std::vector<ProxyEngine::Connection> out;
  for (const auto& [number, connection] : connections_) out.push_back(connection->describe());
  return out;
}

}  // namespace blackstart
