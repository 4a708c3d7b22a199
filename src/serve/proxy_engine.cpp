#include "serve/proxy_engine.h"

#include <sys/socket.h>

#include <algorithm>
#include <iterator>
#include <latch>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "serve/proxy_loop.h"
#include "serve/proxy_session.h"
#include "serve/upstream_watch.h"

namespace blackstart {

struct ProxyEngine::State {
  explicit State(const Options& options) : commons{options.seed} {
    const unsigned processors = std::max(1U, std::thread::hardware_concurrency());
    const unsigned threads = options.threads != 0 ? options.threads : processors;
    for (unsigned i = 0; i < threads; ++i) {
      loops.push_back(std::make_unique<ProxyLoop>(commons, i));
      commons.loops.push_back(loops.back().get());
    }
  }
  ~State() {
    watch.reset();
    commons.names.stop();
    for (const auto& loop : loops) loop->stop();  // each may still look at the others
  }

  // Returns when every thread has done it.
  template <class Act>
  void on_all(Act act) const {
    std::latch done{static_cast<std::ptrdiff_t>(loops.size())};
    for (const auto& loop : loops) {
      loop->ask([&, one = loop.get()] {
        act(*one);
        done.count_down();
      });
    }
    done.wait();
  }

  Carried carried(FrontId id) const {
    const SharedFront& front = *fronts.at(id);
    Carried out;
    for (const auto& counters : front.counters) {
      for (std::size_t way = 0; way < counters.size(); ++way) {
        out.bytes[way] += counters[way].read();
      }
    }
    const std::uint64_t ended = front.ended;  // before `accepted`, which it never exceeds
    out.accepted = front.accepted;
    out.open = out.accepted - ended;
    return out;
  }

  // A listener that is shut down keeps its port and refuses clients, until it listens again.
  void set_listening(FrontId id, bool listens) {
    const std::scoped_lock lock{mutex};
    const auto found = fronts.find(id);
    if (found == fronts.end() || down.contains(id) == !listens) return;
    const int listener = found->second->front.listener.get();
    if (listens) {
      ::listen(listener, kProxyBacklog);
      on_all([&](ProxyLoop& loop) { loop.accept_again(id); });
      down.erase(id);
    } else {
      on_all([&](ProxyLoop& loop) { loop.stop_accepting(id); });
      ::shutdown(listener, SHUT_RDWR);
      down.insert(id);
    }
  }

  ProxyCommons commons;
  std::vector<std::unique_ptr<ProxyLoop>> loops;
  std::mutex mutex;  // what follows
  std::map<FrontId, std::shared_ptr<SharedFront>> fronts;
  std::set<FrontId> down;  // of those that refuse clients then
  FrontId next = 1;
  std::unique_ptr<UpstreamWatch> watch;  // made for the first that wants it
};

ProxyEngine::ProxyEngine(const Options& options) : state_{std::make_unique<State>(options)} {}
ProxyEngine::~ProxyEngine() = default;

ProxyEngine::FrontId ProxyEngine::open(ProxyFront front) {
  const std::scoped_lock lock{state_->mutex};
  const FrontId id = state_->next++;
  auto shared = std::make_shared<SharedFront>();
  shared->front = std::move(front);
  shared->counters = std::vector<std::array<WayCounter, 2>>(state_->loops.size());
  state_->fronts.emplace(id, shared);
  state_->on_all([&](ProxyLoop& loop) { loop.open(id, shared); });
  if (shared->front.refuse_when_down && !shared->front.upstream.starts_with("unix:")) {
    if (!state_->watch) {
      state_->watch = std::make_unique<UpstreamWatch>(
          [state = state_.get()](FrontId one, bool up) { state->set_listening(one, up); });
    }
    state_->watch->add(id, shared->front.upstream);
  }
  return id;
}

// What one thread has accepted may be on its way to another: first nobody accepts any more.
ProxyEngine::Carried ProxyEngine::close(FrontId id) {
  const std::scoped_lock lock{state_->mutex};
  state_->on_all([&](ProxyLoop& loop) { loop.stop_accepting(id); });
  state_->on_all([&](ProxyLoop& loop) { loop.close(id); });
  const Carried carried = state_->carried(id);
  if (state_->watch) state_->watch->remove(id);
  state_->down.erase(id);
  state_->fronts.erase(id);
  return carried;
}

void ProxyEngine::add_toxic(FrontId id, SharedToxic toxic) {
  const std::scoped_lock lock{state_->mutex};
  state_->on_all([&](ProxyLoop& loop) { loop.add_toxic(id, toxic); });
}
void ProxyEngine::update_toxic(FrontId id, SharedToxic toxic, bool draw_again) {
  const std::scoped_lock lock{state_->mutex};
  state_->on_all([&](ProxyLoop& loop) { loop.update_toxic(id, toxic, draw_again); });
}
void ProxyEngine::remove_toxic(FrontId id, std::string_view name) {
  const std::scoped_lock lock{state_->mutex};
  state_->on_all([&](ProxyLoop& loop) { loop.remove_toxic(id, name); });
}

ProxyEngine::Carried ProxyEngine::carried(FrontId id) const {
  const std::scoped_lock lock{state_->mutex};
  return state_->carried(id);
}

std::vector<ProxyEngine::Connection> ProxyEngine::connections() const {
  const std::scoped_lock lock{state_->mutex};
  std::mutex gathering;
  std::vector<Connection> all;
  state_->on_all([&](ProxyLoop& loop) {
    std::vector<Connection> some = loop.connections();
    const std::scoped_lock one_at_a_time{gathering};
    std::ranges::move(some, std::back_inserter(all));
  });
  std::ranges::sort(all, {}, &Connection::id);
  return all;
}

}  // namespace blackstart
