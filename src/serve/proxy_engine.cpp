#include "serve/proxy_engine.h"

#include <algorithm>
#include <iterator>
#include <latch>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

#include "blackstart/limits.h"
#include "serve/proxy_loop.h"
#include "serve/proxy_session.h"

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
  ~State() { commons.names.stop(); }

  // Returns when every thread has done it.
  template <class Act>
  void on_all(Act act) const {
    std::latch done{static_cast<std::ptrdiff_t>(loops.size())};
    for (const auto& loop : loops) {
      loop->post([&, one = loop.get()] {
        act(*one);
        done.count_down();
      });
    }
    done.wait();
  }

  ProxyCommons commons;
  std::vector<std::unique_ptr<ProxyLoop>> loops;
  std::map<FrontId, std::shared_ptr<SharedFront>> fronts;
  FrontId next = 1;
};

ProxyEngine::ProxyEngine(const Options& options) : state_{std::make_unique<State>(options)} {}
ProxyEngine::~ProxyEngine() = default;

ProxyEngine::FrontId ProxyEngine::open(ProxyFront front) {
  const FrontId id = state_->next++;
  auto shared = std::make_shared<SharedFront>();
  shared->front = std::move(front);
  shared->counters = std::vector<std::array<WayCounter, 2>>(state_->loops.size());
  state_->fronts.emplace(id, shared);
  state_->on_all([&](ProxyLoop& loop) { loop.open(id, shared); });
  return id;
}

// What one thread has accepted may be on its way to another: first nobody accepts any more.
BothWays ProxyEngine::close(FrontId id) {
  state_->on_all([&](ProxyLoop& loop) { loop.stop_accepting(id); });
  state_->on_all([&](ProxyLoop& loop) { loop.close(id); });
  const BothWays carried = bytes(id);
  state_->fronts.erase(id);
  return carried;
}

void ProxyEngine::add_toxic(FrontId id, SharedToxic toxic) {
  state_->on_all([&](ProxyLoop& loop) { loop.add_toxic(id, toxic); });
}
void ProxyEngine::update_toxic(FrontId id, SharedToxic toxic, bool draw_again) {
  state_->on_all([&](ProxyLoop& loop) { loop.update_toxic(id, toxic, draw_again); });
}
void ProxyEngine::remove_toxic(FrontId id, std::string_view name) {
  state_->on_all([&](ProxyLoop& loop) { loop.remove_toxic(id, name); });
}

BothWays ProxyEngine::bytes(FrontId id) const {
  BothWays sum{};
  for (const auto& counters : state_->fronts.at(id)->counters) {
    for (std::size_t way = 0; way < sum.size(); ++way) {
      const WayBytes one = counters[way].read();
      sum[way].received += one.received;
      sum[way].sent += one.sent;
    }
  }
  return sum;
}

std::vector<ProxyEngine::Connection> ProxyEngine::connections() const {
  std::mutex mutex;
  std::vector<Connection> all;
  state_->on_all([&](ProxyLoop& loop) {
    std::vector<Connection> some = loop.connections();
    const std::scoped_lock lock{mutex};
    std::ranges::move(some, std::back_inserter(all));
  });
  std::ranges::sort(all, {}, &Connection::id);
  return all;
}

}  // namespace blackstart
