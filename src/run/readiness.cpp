#include "run/readiness.h"

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include "probe/host.h"

namespace blackstart {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetweenChecks = 100ms;
constexpr auto kCheckTimeout = 2s;

}  // namespace

struct Readiness::Waiting : std::enable_shared_from_this<Waiting> {
  Waiting(ProbeHost& in, const Stack& of, std::function<void(const std::string&)> then)
      : host{in}, stack{of}, done{std::move(then)}, pause{in.loop()} {}

  void ask() {
    stack.ready->start(host, kCheckTimeout, [weak = weak_from_this()](const CheckResult& result) {
      if (const auto self = weak.lock()) self->answered(result);
    });
  }

  void answered(const CheckResult& result) {
    if (result.outcome == Outcome::ok) return done({});
    if (host.clock().now() >= deadline) return done(result.reason);
    pause.expires_after(kBetweenChecks);
    pause.async_wait([weak = weak_from_this()](const boost::system::error_code& stopped) {
      const auto self = weak.lock();
      if (self && !stopped) self->ask();
    });
  }

  ProbeHost& host;
  const Stack& stack;
  std::function<void(const std::string&)> done;
  boost::asio::steady_timer pause;
  RunTime deadline = host.clock().now() + stack.ready_within;
};

Readiness::Readiness(ProbeHost& host, const Stack& stack,
                     std::function<void(const std::string&)> done)
    : waiting_{std::make_shared<Waiting>(host, stack, std::move(done))} {
  if (stack.ready) {
    waiting_->ask();
    return;
  }
  boost::asio::post(host.loop(), [weak = std::weak_ptr{waiting_}] {
    if (const auto self = weak.lock()) self->done({});
  });
}

Readiness::~Readiness() = default;

}  // namespace blackstart
